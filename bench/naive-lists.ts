// The way without any help, in a process of its own: the two queries of the definition, compared in memory. Prints
// what it took and what stands on one side alone.
import pg from 'pg'

const MEMORY_EVERY_MS = 10

const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20
const url = process.env['BATON_BENCH_URL']
if (url === undefined) throw new Error('naive lists: BATON_BENCH_URL is not set')
const clients = [new pg.Client(url), new pg.Client(url)] as const
const beforeMb = residentMb()
let mostMb = beforeMb
const sampling = setInterval(() => {
  mostMb = Math.max(mostMb, residentMb())
}, MEMORY_EVERY_MS)
const beganMs = performance.now()
await Promise.all(clients.map((client) => client.connect()))
const [ours, theirs] = await Promise.all([
  clients[0].query<{ message_uuid: string }>(`select message_uuid from legacy.sms_logs where source = 'go'`),
  clients[1].query<{ message_uuid: string }>('select message_uuid from messaging.go_sms_logs'),
])
await Promise.all(clients.map((client) => client.end()))
const left = new Set(ours.rows.map((row) => row.message_uuid))
const right = new Set(theirs.rows.map((row) => row.message_uuid))
const alone = [
  ...[...left].filter((uuid) => !right.has(uuid)),
  ...[...right].filter((uuid) => !left.has(uuid)),
]
const ms = performance.now() - beganMs
clearInterval(sampling)
mostMb = Math.max(mostMb, residentMb())
process.stdout.write(JSON.stringify({ ms, memoryMb: mostMb - beforeMb, alone }))
