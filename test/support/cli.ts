// The command line in this process, as a script calls it: exit code, standard output, standard error.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runCli } from '../../src/cli/index.ts'

export interface CliRun {
  readonly code: number
  readonly out: string
  readonly complaints: string
}

export interface JsonRun<Value> {
  readonly code: number
  readonly value: Value
}

/** Runs one command line with this environment and nothing else of the process's. */
export async function runVerb(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  workingDirectory = '/',
): Promise<CliRun> {
  const out: string[] = []
  const complaints: string[] = []
  const code = await runCli(argv, {
    environment,
    workingDirectory,
    print: (line) => out.push(line),
    complain: (line) => complaints.push(line),
    write: (text) => out.push(text),
    stdin: process.stdin,
    colour: false,
    onSignal: () => {},
    onOrphaned: () => {},
    exit: (exitCode) => assert.fail(`exit ${exitCode}`),
  })
  return { code, out: out.join('\n'), complaints: complaints.join('\n') }
}

/** Runs verbs with this environment, in a directory of their own that nobody has started Baton in. */
export function cliWith(environment: () => Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'baton-cli-'))
  after(() => rmSync(directory, { recursive: true }))

  const run = (...argv: string[]): Promise<CliRun> =>
    runVerb(argv, { BATON_DIRECTORY: directory, ...environment() }, directory)

  return {
    run,
    /** With `--json`; its shape is what the test says it is. */
    async json<Value>(...argv: string[]): Promise<JsonRun<Value>> {
      const { code, out, complaints } = await run(...argv, '--json')
      assert.ok(out.startsWith('{') || out.startsWith('['), `no JSON: ${out} ${complaints}`)
      return { code, value: JSON.parse(out) as Value }
    },
  }
}
