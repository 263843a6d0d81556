/** To be imported before everything: zod must not try to compile its schemas, which the page's policy forbids. */
import { config } from 'zod'

config({ jitless: true })
