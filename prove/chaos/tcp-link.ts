// A TCP proxy before PostgreSQL, as the network between a program and its database: it can fall silent in one
// direction (what was held arrives late, as over a network that comes back), refuse, cut, lose the answer to a
// commit, and lead to another server, as a virtual address does after a failover.
import { connect, createServer, type Socket } from 'node:net'

export type LinkFate = 'pass' | 'hold_requests' | 'hold_answers' | 'hold_both' | 'refuse'

export interface TcpLink {
  readonly port: number
  fate: LinkFate
  /** Arms it: the answer to the next statement that names one of these is lost, after the server has it. */
  loseAnswerTo(names: readonly string[]): void
  readonly lostAnswers: number
  /** Connections from now on go there; those that are open are cut. */
  leadTo(port: number): void
  cut(): void
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

export async function openLink(targetPort: number, port = 0): Promise<TcpLink> {
  const pairs = new Set<Pair>()
  let target = targetPort
  let fate: LinkFate = 'pass'
  let armed: readonly string[] = []
  let lost = 0

  const hold = ({ client, upstream }: Pair): void => {
    if (fate === 'hold_requests' || fate === 'hold_both') client.pause()
    else client.resume()
    if (fate === 'hold_answers' || fate === 'hold_both') upstream.pause()
    else upstream.resume()
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (fate === 'refuse') return void client.resetAndDestroy()
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, upstream }
    let isCutting = false
    pairs.add(pair)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('end', () => to.end())
      from.on('close', () => {
        pairs.delete(pair)
        // Bytes on their way to the server still get there, as those of a dead process do.
        if (from === upstream) to.destroy()
        else to.end()
      })
    }
    client.on('data', (data) => {
      if (armed.some((name) => data.includes(name))) {
        armed = []
        isCutting = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isCutting) return void client.write(data)
      lost++
      client.resetAndDestroy()
    })
    hold(pair)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`link: no port: ${address}`)
  const cut = (): void => {
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
  }
  return {
    port: address.port,
    get fate() {
      return fate
    },
    set fate(next) {
      fate = next
      for (const pair of pairs) hold(pair)
    },
    loseAnswerTo: (names) => (armed = names),
    get lostAnswers() {
      return lost
    },
    leadTo(next) {
      target = next
      cut()
    },
    cut,
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
