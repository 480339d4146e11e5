import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { request } from 'undici'
import type { InboxView } from './inbox.ts'
import { startSandbox, type Sandbox } from './sandbox.ts'

const log = pino({ level: 'silent' })

describe('phone page', { timeout: 60_000 }, () => {
  let folder: string
  let sandbox: Sandbox

  const start = () =>
    startSandbox({ host: '127.0.0.1', port: 0, logPath: join(folder, 'carrier.jsonl'), log })
  const send = async (account: string, body: string, reference: string): Promise<void> => {
    const answer = await request(`${sandbox.url}/accounts/${account}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: '+447700900002', from: 'SHOP', body, reference }),
    })
    assert.equal(answer.statusCode, 201)
    await answer.body.dump()
  }
  const page = async () => {
    const { headers, body } = await request(sandbox.url)
    return { policy: String(headers['content-security-policy']), html: await body.text() }
  }
  const latest = async (): Promise<InboxView & { faults: unknown }> =>
    (await (await request(`${sandbox.url}/latest`)).body.json()) as InboxView & { faults: unknown }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-phone-'))
    sandbox = await start()
  })
  after(async () => {
    await sandbox.close()
    await rm(folder, { recursive: true })
  })

  it('allows its own script and style by a fresh nonce, and nothing else', async () => {
    const [first, second] = [await page(), await page()]
    const nonce = /script-src 'nonce-([^']+)'/.exec(first.policy)?.[1]
    assert.ok(nonce)
    assert.match(first.policy, /^default-src 'none'/)
    assert.ok(!first.policy.includes('unsafe'))
    assert.notEqual(first.policy, second.policy)
    const tags = first.html.match(/<(?:script|style)[^>]*>/g) ?? []
    assert.equal(tags.length, 2)
    for (const tag of tags) assert.ok(tag.includes(`nonce="${nonce}"`), tag)
    assert.doesNotMatch(first.html, /\/\*(?:script|style)\*\/|NONCE|https?:\/\//)
  })

  it('carries no text in its HTML, and its script has no way to make markup of one', async () => {
    await send('legacy', '<img src=x onerror=alert(1)>', 'markup')
    assert.ok(!(await page()).html.includes('onerror'))
    const script = await readFile(join(import.meta.dirname, 'page', 'phone.js'), 'utf8')
    assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/)
    assert.match(script, /textContent/)
  })

  it('gives the script the latest texts, the duplicates and the faults', async () => {
    await send('legacy', 'one', 'pair')
    assert.equal((await latest()).duplicates.count, 0)
    await send('service', 'one', 'pair')
    const view = await latest()
    assert.equal(view.duplicates.count, 1)
    const shown = view.accounts.service.messages.at(-1)
    assert.deepEqual([shown?.from, shown?.body, shown?.duplicate], ['SHOP', 'one', true])
    assert.deepEqual(view.faults, { legacy: {}, service: {} })
  })

  it('recalls texts and duplicates after a restart', async () => {
    const before = await latest()
    await sandbox.close()
    sandbox = await start()
    assert.deepEqual(await latest(), before)
  })
})
