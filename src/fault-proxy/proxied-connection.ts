// One client connection and its upstream.
//
//   client --bytes, end--> delay line --> upstream        dropped in a blackhole
//   client <--------- answer fate <------ upstream        passed, swallowed, or a reset
//
// A connection that has lost bytes is spoiled: it may go on only while the setting goes on losing them. Else
// the client would take the rest of one answer for the beginning of the next.
import { connect, type Socket } from 'node:net'
import type { Counters } from './counters.ts'
import { createDelayLine, type DelayLine, type Parcel } from './delay-line.ts'
import { answerFate, type FaultSetting } from './fault-setting.ts'
import { resetSocket } from './reset-socket.ts'

export interface Upstream {
  readonly host: string
  readonly port: number
}

export interface ProxiedConnection {
  /** To be called after every change of the setting. */
  readonly settingChanged: () => void
  /** Resets the client and lets the upstream go. */
  readonly reset: () => void
}

interface Context {
  readonly upstream: Upstream
  readonly setting: () => FaultSetting
  readonly counters: Counters
  /** Called once, when both sides are closed; a late request can outlive its client. */
  readonly onClosed: () => void
}

export function proxyConnection(client: Socket, context: Context): ProxiedConnection {
  const { setting, counters } = context
  const lost = { request: false, answer: false }
  let upstream: Socket | null = null

  const close = (): void => {
    line.drop()
    resetSocket(client)
    upstream?.destroy()
  }
  const reset = (): void => {
    if (!client.destroyed) counters.reset++
    close()
  }
  const line = createDelayLine({
    delayMs: () => setting().delay_ms ?? 0,
    isReady: () => upstream !== null && !upstream.writableNeedDrain,
    deliver: (parcel) => {
      if (upstream) deliver(upstream, parcel, counters)
      readOn()
    },
  })
  const readOn = (): void => {
    if (client.isPaused() && !line.isFull()) client.resume()
  }
  const dial = (): void => {
    upstream = connect({ ...context.upstream, allowHalfOpen: true, noDelay: true, keepAlive: true })
    openSockets++
    upstream.once('close', reportClosed)
    wireUpstream(upstream, { client, line, lost, setting, counters, reset, close })
  }
  let openSockets = 1
  const reportClosed = (): void => {
    openSockets--
    if (openSockets === 0) context.onClosed()
  }
  const settingChanged = (): void => {
    const fate = answerFate(setting())
    const goesOnLosing =
      (!lost.request || fate === 'blackhole') && (!lost.answer || fate === 'blackhole' || fate === 'swallow')
    if (!goesOnLosing) return reset()
    if (fate === 'blackhole' && client.readableEnded) return close()
    if (fate === 'blackhole') loseRequest(line.drop())
    else if (upstream === null) dial()
    line.flush()
    readOn()
    if (fate !== 'pass') upstream?.resume()
  }
  const loseRequest = (bytes: number): void => {
    if (bytes > 0) lost.request = true
    counters.blackholed_bytes += bytes
  }

  wireClient(client, { upstream: () => upstream, line, setting, loseRequest, close })
  client.once('close', reportClosed)
  if (!setting().blackhole) dial()
  return { settingChanged, reset }
}

interface ClientWiring {
  readonly upstream: () => Socket | null
  readonly line: DelayLine
  readonly setting: () => FaultSetting
  readonly loseRequest: (bytes: number) => void
  readonly close: () => void
}

function wireClient(client: Socket, { upstream, line, setting, loseRequest, close }: ClientWiring): void {
  client.on('data', (bytes) => {
    if (setting().blackhole) return loseRequest(bytes.length)
    line.push({ kind: 'bytes', bytes })
    if (line.isFull()) client.pause()
  })
  client.on('end', () => {
    if (setting().blackhole) close()
    else line.push({ kind: 'end' })
  })
  client.on('drain', () => upstream()?.resume())
  client.on('error', () => {}) // 'close' follows and says whether the client has ended well
  client.on('close', (hadError) => {
    const server = upstream()
    if (server && !server.destroyed && (hadError || !client.readableEnded)) line.push({ kind: 'gone' })
  })
}

interface UpstreamWiring {
  readonly client: Socket
  readonly line: DelayLine
  readonly lost: { request: boolean; answer: boolean }
  readonly setting: () => FaultSetting
  readonly counters: Counters
  readonly reset: () => void
  readonly close: () => void
}

function wireUpstream(upstream: Socket, wiring: UpstreamWiring): void {
  const { client, line, lost, setting, counters, reset, close } = wiring
  const loses = (): boolean => ['blackhole', 'swallow'].includes(answerFate(setting()))

  upstream.on('data', (bytes) => {
    if (answerFate(setting()) === 'reset') return reset()
    if (loses()) {
      lost.answer = true
      counters.swallowed_bytes += bytes.length
      return
    }
    counters.forwarded_bytes.to_client += bytes.length
    if (!client.destroyed && !client.write(bytes)) upstream.pause()
  })
  upstream.on('end', () => {
    if (!loses()) client.end()
    else if (client.readableEnded || client.destroyed) close()
    else lost.answer = true
  })
  upstream.on('drain', line.flush)
  upstream.on('error', () => {}) // 'close' follows
  upstream.on('close', (hadError) => {
    if (!hadError && upstream.readableEnded) return
    if (setting().blackhole) lost.answer = true
    else close()
  })
}

function deliver(upstream: Socket, parcel: Parcel, counters: Counters): void {
  if (upstream.destroyed || upstream.writableEnded) return
  if (parcel.kind === 'bytes') {
    counters.forwarded_bytes.to_upstream += parcel.bytes.length
    upstream.write(parcel.bytes)
  } else if (parcel.kind === 'end') {
    upstream.end()
  } else {
    // The bytes before it still go out: a request that was sent whole arrives whole.
    upstream.end(() => upstream.destroy())
  }
}
