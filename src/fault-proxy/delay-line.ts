/** How much may wait before the sender has to be held. Parcels count too: a dribble makes many small ones. */
const WAITING_MAX_BYTES = 1024 * 1024
const WAITING_MAX_PARCELS = 4096

/** What a client sent: bytes, the end of its sending, or that it has gone without one. */
export type Parcel = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'end' | 'gone' }

export interface DelayLine {
  readonly push: (parcel: Parcel) => void
  /** Delivers what is due; to be called when the delay has changed and when the receiver is ready again. */
  readonly flush: () => void
  /** Forgets what waits; gives the number of bytes among it. */
  readonly drop: () => number
  /** True while the caller has to stop reading from the sender. */
  readonly isFull: () => boolean
}

interface DelayLineOptions {
  /** In force now: it counts for what waits already, too. */
  readonly delayMs: () => number
  readonly isReady: () => boolean
  readonly deliver: (parcel: Parcel) => void
}

/**
 * A link with latency: every parcel arrives so much later than it was sent, in order and with the distance to
 * its neighbours kept. The end of sending is a parcel as well, so a late request comes whole even when its
 * sender has given up.
 */
export function createDelayLine({ delayMs, isReady, deliver }: DelayLineOptions): DelayLine {
  const waiting: { parcel: Parcel; sentAtMs: number }[] = []
  let waitingBytes = 0
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    for (let next = waiting[0]; next !== undefined && isReady(); next = waiting[0]) {
      const leftMs = next.sentAtMs + delayMs() - performance.now()
      if (delayMs() > 0 && leftMs > 0) {
        timer = setTimeout(flush, Math.ceil(leftMs))
        return
      }
      waiting.shift()
      waitingBytes -= bytesIn(next.parcel)
      deliver(next.parcel)
    }
  }
  const push = (parcel: Parcel): void => {
    waiting.push({ parcel, sentAtMs: performance.now() })
    waitingBytes += bytesIn(parcel)
    if (waiting.length === 1) flush()
  }
  const drop = (): number => {
    clearTimeout(timer)
    const dropped = waitingBytes
    waiting.length = 0
    waitingBytes = 0
    return dropped
  }
  const isFull = (): boolean => waitingBytes >= WAITING_MAX_BYTES || waiting.length >= WAITING_MAX_PARCELS
  return { push, flush, drop, isFull }
}

const bytesIn = (parcel: Parcel): number => (parcel.kind === 'bytes' ? parcel.bytes.length : 0)
