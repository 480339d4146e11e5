import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxProgram } from './program.ts'

const problemsOf = (environment: Record<string, string>) => {
  const parsed = sandboxProgram.parse(environment)
  return 'problems' in parsed ? parsed.problems : []
}
const callback = { BATON_SANDBOX_SERVICE_CALLBACK: 'http://127.0.0.1:1/receipts/x' }

test('callbacks without a secret to sign them are refused', () => {
  assert.match(problemsOf(callback)[0] ?? '', /^BATON_SANDBOX_SECRET: is not set/)
  assert.deepEqual(problemsOf({ ...callback, BATON_SANDBOX_SECRET: 'a-secret' }), [])
  assert.deepEqual(problemsOf({}), [])
})
