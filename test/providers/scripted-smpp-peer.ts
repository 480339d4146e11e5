// A message centre that answers as it is told and keeps what came over the wire.
import type { AddressInfo } from 'node:net'
import smpp, { type Pdu, type Session } from 'smpp'

export type SubmitScript =
  | { readonly kind: 'accept'; readonly id: string }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' }
  /** Bytes that are no PDU. */
  | { readonly kind: 'garbage' }
  /** An answer to something that was not asked, under the number of what was. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'nack'; readonly status: number }
  | { readonly kind: 'late'; readonly id: string; readonly afterMs: number }

export interface ScriptedSmppPeer {
  readonly url: string
  readonly submits: readonly Pdu[]
  readonly binds: readonly Pdu[]
  /** Answers to what the peer sent, by their command. */
  readonly answers: readonly Pdu[]
  submit: SubmitScript | ((pdu: Pdu, index: number) => SubmitScript)
  /** command_status of binds. */
  bindStatus: number
  answersEnquiries: boolean
  enquiries: number
  /** Most submits that waited for an answer at a time. */
  inFlightMost: number
  /** To every bound session. */
  push(command: string, fields: Readonly<Record<string, unknown>>): void
  dropLinks(): void
  close(): Promise<void>
}

export async function startSmppPeer(submit: ScriptedSmppPeer['submit']): Promise<ScriptedSmppPeer> {
  const submits: Pdu[] = []
  const binds: Pdu[] = []
  const answers: Pdu[] = []
  const sessions = new Set<Session>()
  const server = smpp.createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let inFlight = 0

  function serve(session: Session): void {
    sessions.add(session)
    session.socket.setNoDelay(true)
    session.on('error', () => session.destroy())
    session.on('close', () => sessions.delete(session))
    session.on('pdu', (pdu: Pdu) => {
      if (pdu.isResponse()) answers.push(pdu)
      else if (pdu.command.startsWith('bind_')) {
        binds.push(pdu)
        session.send(pdu.response({ command_status: peer.bindStatus, system_id: 'peer' }))
      } else if (pdu.command === 'enquire_link') {
        peer.enquiries += 1
        if (peer.answersEnquiries) session.send(pdu.response())
      } else if (pdu.command === 'submit_sm') take(session, pdu)
      else session.send(pdu.response())
    })
  }

  function take(session: Session, pdu: Pdu): void {
    const index = submits.push(pdu) - 1
    inFlight += 1
    peer.inFlightMost = Math.max(peer.inFlightMost, inFlight)
    // Answers leave in a turn of their own, so that a burst is seen in flight together.
    setImmediate(() => {
      inFlight -= 1
      act(session, pdu, typeof peer.submit === 'function' ? peer.submit(pdu, index) : peer.submit)
    })
  }

  const peer: ScriptedSmppPeer = {
    url: `smpp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    submits,
    binds,
    answers,
    submit,
    bindStatus: 0,
    answersEnquiries: true,
    enquiries: 0,
    inFlightMost: 0,
    push(command, fields) {
      for (const session of sessions) session.send(new smpp.PDU(command, fields))
    },
    dropLinks() {
      for (const session of sessions) session.destroy()
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      peer.dropLinks()
      await closed
    },
  }
  return peer
}

function act(session: Session, pdu: Pdu, script: SubmitScript): void {
  switch (script.kind) {
    case 'accept':
      session.send(pdu.response({ message_id: script.id }))
      return
    case 'status':
      session.send(pdu.response({ command_status: script.status }))
      return
    case 'nack':
      session.send(
        new smpp.PDU('generic_nack', {
          sequence_number: pdu.sequence_number,
          command_status: script.status,
        }),
      )
      return
    case 'foreign':
      session.send(new smpp.PDU('enquire_link_resp', { sequence_number: pdu.sequence_number }))
      return
    case 'late':
      setTimeout(() => session.send(pdu.response({ message_id: script.id })), script.afterMs)
      return
    case 'reset':
      session.socket.resetAndDestroy()
      return
    case 'garbage':
      session.socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
      return
    case 'silence':
  }
}
