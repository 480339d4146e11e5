// A TCP proxy before PostgreSQL that loses the answer to one statement: it is forwarded, it commits, and the
// connection is cut when the answer comes.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after } from 'node:test'

export interface CuttingProxy {
  /** The database's URL through the proxy. */
  readonly url: string
  /** Arms it for the next use of the prepared statement with this name. */
  loseAnswerTo(statementName: string): void
  /** How many answers were lost. */
  readonly lost: () => number
}

export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let armed: string | null = null
  let lost = 0
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let isCutting = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => (client.destroy(), upstream.destroy()))
    }
    client.on('data', (data) => {
      if (armed !== null && data.includes(armed)) {
        armed = null
        isCutting = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isCutting) return void client.write(data)
      lost++
      client.resetAndDestroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const url = new URL(databaseUrl)
  url.port = String((server.address() as AddressInfo).port)
  return { url: url.href, loseAnswerTo: (name) => (armed = name), lost: () => lost }
}
