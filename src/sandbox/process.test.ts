// The sandbox as a real process: killed without warning, and what its main says about bad settings.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { text } from 'node:stream/consumers'
import { Pool } from 'undici'

const MAIN = join(import.meta.dirname, '..', '..', 'bin', 'sandbox.ts')

describe('sandbox process', { timeout: 60_000 }, () => {
  let folder: string
  const children = new Set<ChildProcess>()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-sandbox-process-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  const run = (settings: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, BATON_HOST: '127.0.0.1', ...settings },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    assert.ok(child.stdout && child.stderr)
    return { child, stdout: child.stdout, stderr: child.stderr }
  }
  const start = async (logPath: string): Promise<{ child: ChildProcess; url: string }> => {
    const { child, stdout, stderr } = run({ BATON_SANDBOX_PORT: '0', BATON_SANDBOX_LOG: logPath })
    for await (const line of createInterface({ input: stdout })) {
      const entry = JSON.parse(line) as { msg: string; url?: string }
      if (entry.msg === 'listening' && entry.url) return { child, url: entry.url }
    }
    throw new Error(`the sandbox did not start: ${await text(stderr)}`)
  }
  it('loses no answered text when it is killed under load, and goes on with the same log', async () => {
    const logPath = join(folder, 'killed.jsonl')
    const { child, url } = await start(logPath)
    const pool = new Pool(url, { connections: 16 })
    const answered: string[] = []
    const caller = async (name: number): Promise<void> => {
      for (let index = 0; ; index++) {
        const { statusCode, body } = await post(pool, `${name}-${index}`)
        await body.dump()
        assert.equal(statusCode, 201)
        answered.push(`${name}-${index}`)
        if (answered.length === 2000) child.kill('SIGKILL')
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: 16 }, (_, name) => caller(name)))
    assert.ok(ends.every(({ status }) => status === 'rejected'))
    await pool.destroy()

    const again = await start(logPath)
    const after = new Pool(again.url)
    const last = await post(after, 'after')
    assert.equal(last.statusCode, 201)
    await last.body.dump()
    const { body } = await after.request({ method: 'GET', path: '/log' })
    const references = ((await body.json()) as { reference: string }[]).map(({ reference }) => reference)
    const logged = new Set(references)
    assert.deepEqual(
      answered.filter((reference) => !logged.has(reference)),
      [],
    )
    assert.equal(logged.size, references.length)
    assert.equal(references.at(-1), 'after')
    await after.destroy()

    const exited = once(again.child, 'exit')
    again.child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    assert.equal((await readFile(logPath, 'utf8')).trimEnd().split('\n').length, references.length)
  })

  it('stops when its parent is gone', async () => {
    const { child } = await start(join(folder, 'orphan.jsonl'))
    const exited = once(child, 'exit')
    child.disconnect()
    assert.deepEqual(await exited, [0, null])
  })

  it('exits with 2 on malformed settings, and names all of them', async () => {
    const malformed = {
      BATON_SANDBOX_PORT: 'http',
      BATON_SANDBOX_SERVICE_CALLBACK: 'nowhere',
      BATON_SANDBOX_LOG_FILE: 'misspelt',
    }
    const { child, stderr } = run({ ...malformed, BATON_SANDBOX_LOG: join(folder, 'never.jsonl') })
    const [said, [code]] = await Promise.all([text(stderr), once(child, 'exit')])
    assert.equal(code, 2)
    for (const name of Object.keys(malformed)) assert.ok(said.includes(name), said)
    assert.ok(!said.includes('    at '), said)
  })

  it('exits with 1 on a taken port, and says which', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const port = String((taken.address() as AddressInfo).port)
    const { child, stdout } = run({
      BATON_SANDBOX_PORT: port,
      BATON_SANDBOX_LOG: join(folder, 'never.jsonl'),
    })
    const [said, [code]] = await Promise.all([text(stdout), once(child, 'exit')])
    assert.equal(code, 1)
    assert.ok(said.includes('EADDRINUSE') && said.includes(port), said)
    taken.close()
  })

  it('keeps its log to its owner, also one that others could read', async () => {
    const logPath = join(folder, 'open.jsonl')
    await writeFile(logPath, '', { mode: 0o644 })
    await chmod(logPath, 0o644) // whatever the umask left of it
    const { child } = await start(logPath)
    assert.equal((await stat(logPath)).mode & 0o777, 0o600)
    child.kill('SIGKILL')
    const fresh = join(folder, 'fresh.jsonl')
    const second = await start(fresh)
    assert.equal((await stat(fresh)).mode & 0o777, 0o600)
    second.child.kill('SIGKILL')
  })
})

function post(pool: Pool, reference: string) {
  return pool.request({
    method: 'POST',
    path: '/accounts/service/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: '+12025550101', body: 'x', reference }),
  })
}
