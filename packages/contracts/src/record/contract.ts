/** Record: what each file held, and when, as commitments. */
import type { Contract } from '../kit.ts'
import { anchor } from './anchor.ts'
import { closeFile } from './close-file.ts'
import { openFile } from './open-file.ts'
import { files } from './tables.ts'

export const record: Contract = {
  name: 'record',
  doc:
    'Which files there are, who keeps them, and a chain over the versions of what they hold, so that whoever receives ' +
    'a version can check that it was recorded, and when. Nothing here says whose file it is.',
  tables: [files],
  commands: [openFile, anchor, closeFile],
}
