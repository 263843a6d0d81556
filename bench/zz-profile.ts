import { fork } from 'node:child_process'
import { Agent } from 'node:http'
import { syntheticBundles } from '@salus/sim'
import { load, once } from './support/load.ts'
const [kind = 'gate', count = '8000', inFlight = '16'] = process.argv.slice(2)
const child = fork(new URL('./support/fhir-child.ts', import.meta.url), {
  execArgv: process.env.PROF ? ['--cpu-prof', '--cpu-prof-dir=/tmp/gate/prof', '--cpu-prof-interval=200'] : [],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
const message = (): Promise<any> => new Promise((done) => child.once('message', done))
const { port } = await message()
const agent = new Agent({ keepAlive: true })
for (const bundle of syntheticBundles({ seed: 1, count: 12 }).map((b) => JSON.stringify(b)))
  await once(agent, port, 'operator', { method: 'POST', path: '/gate/fhir', body: bundle })
const page = JSON.parse(await once(agent, port, 'operator', { method: 'GET', path: '/open/fhir/Observation?_count=500' }))
const ids = page.entry.map((e: any) => e.resource.id)
const cpu = async () => { child.send('usage'); return (await message()).cpuUs }
const run = async (prefix: string, n: number) => {
  const before = await cpu()
  const r = await load(port, 'clinician', n, Number(inFlight), (i) => ({ method: 'GET', path: `/${prefix}/fhir/Observation/${ids[i % ids.length]}` }))
  return { perSecond: Math.round(r.perSecond), cpuMs: (await cpu() - before) / 1000 / n }
}
if (kind === 'pair') {
  await run('open', 2000); await run('gate', 2000)
  const ratios: number[] = []
  for (let i = 0; i < 9; i++) { const o = await run('open', Number(count)); const g = await run('gate', Number(count)); ratios.push(g.perSecond / o.perSecond)
    console.log(o.perSecond, g.perSecond, (g.perSecond / o.perSecond).toFixed(3), 'cpu', o.cpuMs.toFixed(4), g.cpuMs.toFixed(4)) }
  console.log('median', ratios.sort((a, b) => a - b)[4])
} else { await run(kind, 2000); console.log(kind, await run(kind, Number(count))) }
child.send('stop')
agent.destroy()
