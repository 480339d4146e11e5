// A provider over SMPP in front of a scripted centre.
import type { InboundText, Receipt } from '../../src/providers/receipt.ts'
import { smppProvider, type SmppOptions } from '../../src/providers/smpp/smpp.ts'
import { eventually } from '../support/system.ts'
import { newMessage, permitFor, TIMEOUT_MS } from './contract.ts'
import { startSmppPeer, type ScriptedSmppPeer } from './scripted-smpp-peer.ts'

export const smppOptions: Omit<SmppOptions, 'url' | 'onReceipt' | 'onText' | 'onProblem'> = {
  name: 'smpp',
  systemId: 'baton',
  password: 'pw',
  enquireIntervalMs: 60_000,
  linkTimeoutMs: 2_000,
  reconnectFirstMs: 20,
  reconnectMaxMs: 100,
  timeoutMs: TIMEOUT_MS,
  windowMax: 10,
  binds: 'transceiver',
  longTexts: 'udh',
  idForms: { submit: 'text', receipt: 'text' },
  throttledMs: 1_000,
}

interface Setting {
  readonly peer: ScriptedSmppPeer
  readonly provider: ReturnType<typeof smppProvider>
  readonly receipts: Receipt[]
  readonly texts: InboundText[]
  readonly problems: string[]
  readonly send: (body?: string) => ReturnType<ReturnType<typeof smppProvider>['send']>
}

export async function withPeer(
  submit: ScriptedSmppPeer['submit'],
  changes: Partial<SmppOptions>,
  work: (setting: Setting) => Promise<void>,
): Promise<void> {
  const peer = await startSmppPeer(submit)
  const receipts: Receipt[] = []
  const texts: InboundText[] = []
  const problems: string[] = []
  const provider = smppProvider({
    ...smppOptions,
    timeoutMs: 5_000,
    url: peer.url,
    onReceipt: async (receipt) => void receipts.push(receipt),
    onText: async (text) => void texts.push(text),
    onProblem: (problem) => problems.push(problem),
    ...changes,
  })
  const send = (body?: string) => {
    const message = newMessage(body === undefined ? {} : { body })
    return provider.send(permitFor(message), message)
  }
  try {
    await work({ peer, provider, receipts, texts, problems, send })
  } finally {
    await provider.close()
    await peer.close()
  }
}

export const accept = { kind: 'accept', id: 'id-1' } as const
export const soon = <Value>(ask: () => Value, holds: (value: Value) => boolean) =>
  eventually(() => Promise.resolve(ask()), holds)
