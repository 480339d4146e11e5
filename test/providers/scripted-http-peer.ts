// An HTTP peer that answers as it is told and keeps what came over the wire.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export type Script =
  | ({ readonly kind: 'answer' } & Answer)
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' }
  /** Announces more bytes than it sends, then closes. */
  | ({ readonly kind: 'cut' } & Answer)

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface ScriptedHttpPeer {
  readonly origin: string
  readonly requests: readonly SeenRequest[]
  script: Script | ((request: SeenRequest) => Script)
  close(): Promise<void>
}

export async function startHttpPeer(script: ScriptedHttpPeer['script']): Promise<ScriptedHttpPeer> {
  const requests: SeenRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => void take(request, response))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') }
    requests.push(seen)
    act(response, typeof peer.script === 'function' ? peer.script(seen) : peer.script)
  }

  const peer: ScriptedHttpPeer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return peer
}

function act(response: ServerResponse, script: Script): void {
  if (script.kind === 'silence') return
  if (script.kind === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const { status, body, headers = {} } = script
  const whole = { 'content-type': 'application/json', ...headers }
  if (script.kind === 'cut') {
    response.writeHead(status, { ...whole, 'content-length': String(Buffer.byteLength(body) + 100) })
    response.write(body, () => response.socket?.destroy())
    return
  }
  response.writeHead(status, whole)
  response.end(body)
}
