import type { Pdu, Session } from 'smpp'

export type Reply =
  | { readonly kind: 'answer'; readonly pdu: Pdu }
  /** The connection was gone before: no byte has left. */
  | { readonly kind: 'not_written' }
  /** Written, and nothing readable came back. */
  | { readonly kind: 'lost'; readonly cause: 'timeout' | 'closed' | 'foreign_answer' }

/** Requests and answers over one connection. */
export interface Conversation {
  /** `onLate`: the answer that comes when nobody waits any more; bounded, and forgotten with the connection. */
  request(pdu: Pdu, timeoutMs: number, onLate?: (pdu: Pdu) => void): Promise<Reply>
  answer(pdu: Pdu): void
  readonly isOpen: () => boolean
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  destroy(): void
  /** Writes what is left, then ends. */
  leave(): void
}

interface Pending {
  readonly command: string
  readonly settle: (reply: Reply) => void
}

const LATE_MAX = 1_000

export function converse(session: Session, onRequest: (pdu: Pdu) => void): Conversation {
  const pending = new Map<number, Pending>()
  const late = new Map<number, (pdu: Pdu) => void>()
  const gone = Promise.withResolvers<void>()
  let isOpen = true

  // PDUs are small: held back until earlier ones are acknowledged, which the other side puts off for 40 ms, a window
  // took 47 ms on a loopback link.
  session.socket.setNoDelay(true)
  // A PDU that cannot be read leaves the package's reader stuck: nothing after it would ever be read.
  session.on('error', () => session.destroy())
  session.on('close', () => {
    isOpen = false
    for (const { settle } of pending.values()) settle({ kind: 'lost', cause: 'closed' })
    pending.clear()
    late.clear()
    gone.resolve()
  })
  session.on('pdu', (pdu: Pdu) => {
    if (!pdu.isResponse()) return onRequest(pdu)
    const { sequence_number } = pdu
    const waiting = pending.get(sequence_number)
    if (waiting) {
      pending.delete(sequence_number)
      const isExpected = pdu.command === `${waiting.command}_resp` || pdu.command === 'generic_nack'
      waiting.settle(isExpected ? { kind: 'answer', pdu } : { kind: 'lost', cause: 'foreign_answer' })
      return
    }
    late.get(sequence_number)?.(pdu)
    late.delete(sequence_number)
  })

  /**
   * What is written in one turn leaves in one piece: a full window written PDU by PDU costs a system call each, here
   * and, for what it is answered, at the centre.
   */
  function send(pdu: Pdu): boolean {
    const { socket } = session
    socket.cork()
    process.nextTick(() => socket.uncork())
    return session.send(pdu)
  }

  function keepForLate(sequence: number, onLate: ((pdu: Pdu) => void) | undefined): void {
    if (!onLate) return
    const [oldest] = late.keys()
    if (late.size >= LATE_MAX && oldest !== undefined) late.delete(oldest)
    late.set(sequence, onLate)
  }

  return {
    isOpen: () => isOpen,
    closed: gone.promise,
    destroy: () => session.destroy(),
    leave: () => session.socket.destroySoon(),
    answer(pdu) {
      if (isOpen) send(pdu)
    },
    async request(pdu, timeoutMs, onLate) {
      if (!isOpen || !send(pdu)) return { kind: 'not_written' }
      const sequence = pdu.sequence_number
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          pending.delete(sequence)
          keepForLate(sequence, onLate)
          resolve({ kind: 'lost', cause: 'timeout' })
        }, timeoutMs)
        const settle = (reply: Reply) => {
          clearTimeout(timer)
          resolve(reply)
        }
        pending.set(sequence, { command: pdu.command, settle })
      })
    },
  }
}
