import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultSetting } from './faults.ts'
import type { Server } from '../http/server.ts'
import type { Inbox } from './inbox.ts'

const part = (name: string): string => readFileSync(join(import.meta.dirname, 'page', name), 'utf8')

/** GET / is the page; GET /latest is what its script asks for every second. */
export function addPhoneRoutes(app: Server, inbox: Inbox, setting: FaultSetting): void {
  const page = part('phone.html')
    .replace('/*style*/', () => part('phone.css'))
    .replace('/*script*/', () => part('phone.js'))
  app.get('/', async (_request, reply) => {
    const nonce = randomBytes(16).toString('base64')
    return reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': policy(nonce), 'x-content-type-options': 'nosniff' })
      .send(page.replaceAll('NONCE', nonce))
  })
  app.get('/latest', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ ...inbox.view(), faults: setting.current }),
  )
}

/** Nothing runs or loads but this page's own style and script. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
