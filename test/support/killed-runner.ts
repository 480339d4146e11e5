// A runner in a process of its own that is killed at its n-th notice: before, while or after anything is recorded or
// run. Arguments: the book as JSON, n (0: never), the way (forward or back), who approves what.
import { run, rollback, type Book, type RunOptions } from '../../src/runbook/run/index.ts'

const [bookJson = '', killAt = '0', way = 'forward', approvalId] = process.argv.slice(2)
const book: Book = { ...(JSON.parse(bookJson) as Book), set: new Map() }
let count = 0
const options: RunOptions = {
  isExecuted: true,
  graceMs: 200,
  approve: approvalId === undefined ? null : { id: approvalId, person: { by: 'ann', reason: 'test' } },
  notice: (notice) => {
    if (notice.kind === 'state') return
    count++
    if (count === Number(killAt)) process.kill(process.pid, 'SIGKILL')
  },
}
const result = await (way === 'back' ? rollback(book, options) : run(book, options))
console.log(
  JSON.stringify({
    count,
    kind: result.kind,
    ...(result.kind === 'ended' ? { code: result.code, why: result.why } : result),
  }),
)
process.exit(result.kind === 'ended' ? result.code : 2)
