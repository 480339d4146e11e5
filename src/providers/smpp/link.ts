/**
 * One bound connection to a centre, made anew whenever it is lost.
 *
 *   down --connect, bind--> bound --closed, or enquire_link unanswered--> down (pause, doubled up to a bound)
 *     '------refused, unreachable: pause, doubled up to a bound--'
 */
import { setTimeout as sleep } from 'node:timers/promises'
import smpp, { type Pdu } from 'smpp'
import { ESME_ROK, statusText } from './command-status.ts'
import { converse, type Conversation } from './conversation.ts'

export interface LinkOptions {
  /** `smpp://host:port`, or `ssmpp://host:port` over TLS. */
  readonly url: string
  readonly systemId: string
  readonly password: string
  readonly systemType?: string
  /** Of an idle link. */
  readonly enquireIntervalMs: number
  /** Of connect and bind together, and of an enquire_link. */
  readonly linkTimeoutMs: number
  readonly reconnectFirstMs: number
  readonly reconnectMaxMs: number
}

export type BindCommand = 'bind_transceiver' | 'bind_transmitter' | 'bind_receiver'

export interface Link {
  /** The bound connection; undefined when there is none in time. */
  bound(timeoutMs: number): Promise<Conversation | undefined>
  /** Why there is none. Holds no secret. */
  readonly trouble: () => string
  close(): Promise<void>
}

export function openLink(
  options: LinkOptions,
  command: BindCommand,
  onRequest: (pdu: Pdu, conversation: Conversation) => void,
): Link {
  const closing = new AbortController()
  let current: Conversation | undefined
  let trouble = 'not bound yet'
  /** Of the link to come. */
  let next = Promise.withResolvers<Conversation | undefined>()

  async function keep(): Promise<void> {
    let pauseMs = options.reconnectFirstMs
    while (!closing.signal.aborted) {
      const attempt = await bind(options, command, onRequest, closing.signal)
      if ('conversation' in attempt) {
        pauseMs = options.reconnectFirstMs
        current = attempt.conversation
        const { resolve } = next
        // Renewed at once: whoever asks after a loss must wait for the next link, not be handed the lost one.
        next = Promise.withResolvers()
        resolve(current)
        await tend(current, options, closing.signal)
        trouble = 'the connection was lost'
      } else trouble = attempt.trouble
      if (closing.signal.aborted) break
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => {})
      pauseMs = Math.min(pauseMs * 2, options.reconnectMaxMs)
    }
    next.resolve(undefined)
  }
  const kept = keep()

  return {
    trouble: () => trouble,
    async bound(timeoutMs) {
      if (current?.isOpen()) return current
      const timer = new AbortController()
      const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)
      const conversation = await Promise.race([next.promise, late])
      timer.abort()
      return conversation?.isOpen() ? conversation : undefined
    },
    async close() {
      closing.abort()
      const left = current
      if (left?.isOpen()) await left.request(new smpp.PDU('unbind'), Math.min(options.linkTimeoutMs, 1_000))
      left?.destroy()
      await kept
    },
  }
}

type Attempt = { readonly conversation: Conversation } | { readonly trouble: string }

async function bind(
  { url, systemId, password, systemType = '', linkTimeoutMs }: LinkOptions,
  command: BindCommand,
  onRequest: (pdu: Pdu, conversation: Conversation) => void,
  signal: AbortSignal,
): Promise<Attempt> {
  const session = smpp.connect({ url })
  const conversation: Conversation = converse(session, (pdu) => onRequest(pdu, conversation))
  const timer = setTimeout(() => conversation.destroy(), linkTimeoutMs)
  const abort = () => conversation.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    const event = url.startsWith('ssmpp:') ? 'secureConnect' : 'connect'
    const connected = new Promise<boolean>((resolve) => session.once(event, () => resolve(true)))
    if (!(await Promise.race([connected, conversation.closed.then(() => false)]))) {
      return { trouble: 'the centre cannot be reached' }
    }
    const fields = { system_id: systemId, password, system_type: systemType, interface_version: 0x34 }
    const reply = await conversation.request(new smpp.PDU(command, fields), linkTimeoutMs)
    if (reply.kind === 'answer' && reply.pdu.command_status === ESME_ROK) return { conversation }
    conversation.destroy()
    if (reply.kind !== 'answer') return { trouble: 'the bind was not answered' }
    return { trouble: `the bind was refused: ${statusText(reply.pdu.command_status)}` }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Asks an idle link whether it lives; resolves when the connection is gone, whoever ended it. */
async function tend(
  conversation: Conversation,
  { enquireIntervalMs, linkTimeoutMs }: LinkOptions,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  const closed = conversation.closed.then(() => ended.abort())
  while (!both.aborted) {
    await sleep(enquireIntervalMs, undefined, { signal: both }).catch(() => {})
    if (both.aborted) break
    const reply = await conversation.request(new smpp.PDU('enquire_link'), linkTimeoutMs)
    if (reply.kind !== 'answer') conversation.destroy()
  }
  await closed
}
