// Between a provider and a mock of its vendor: keeps every exchange, and can cut the connection after forwarding.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request as forward } from 'undici'

export interface RecordedExchange {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly answer: string
  /** What the mock found wrong with the request, by its document. */
  readonly requestViolations: readonly string[]
}

export interface RecordingProxy {
  readonly origin: string
  readonly exchanges: readonly RecordedExchange[]
  /** The mock has the request and has answered it; the sender never learns of it. */
  cutsAfterForwarding: boolean
  /** Added to what is forwarded: which of the documented answers the mock is to give. */
  headers: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** `prefix`: of the vendor's paths, which the mock leaves out. */
export async function startRecordingProxy(upstream: string, prefix: string): Promise<RecordingProxy> {
  const exchanges: RecordedExchange[] = []
  const server = createServer((request, response) => void pass(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET', url = '/' } = request
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
    const answer = await forward(upstream + url.replace(prefix, ''), {
      method: method as 'GET',
      headers: { ...headers, ...proxy.headers },
      body: chunks.length === 0 ? null : Buffer.concat(chunks),
    })
    const text = await answer.body.text()
    const violations = violationsOf(answer.headers['sl-violations'], text)
    exchanges.push({
      method,
      path: url,
      status: answer.statusCode,
      answer: text,
      requestViolations: violations,
    })
    if (proxy.cutsAfterForwarding) {
      response.socket?.resetAndDestroy()
      return
    }
    response.writeHead(answer.statusCode, {
      'content-type': answer.headers['content-type']?.toString() ?? '',
    })
    response.end(text)
  }

  const proxy: RecordingProxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    cutsAfterForwarding: false,
    headers: {},
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return proxy
}

interface Violation {
  readonly location: readonly string[]
  readonly message: string
}

/** In a header beside an answer, or in an answer of the mock's own. */
function violationsOf(header: string | string[] | undefined, text: string): string[] {
  const inHeader = typeof header === 'string' ? (JSON.parse(header) as Violation[]) : []
  const isProblem = text.includes('stoplight.io/prism/errors')
  const inText = isProblem ? ((JSON.parse(text) as { validation?: Violation[] }).validation ?? []) : []
  return [...inHeader, ...inText]
    .filter(({ location }) => location[0] === 'request')
    .map(({ location, message }) => `${location.join('.')}: ${message}`)
}
