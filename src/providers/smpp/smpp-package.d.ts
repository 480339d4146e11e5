/** The part of the npm package `smpp` that is used here; it brings no types. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer, Socket } from 'node:net'

  export interface Pdu {
    readonly command: string
    readonly command_status: number
    sequence_number: number
    readonly message_id?: string
    readonly esm_class?: number
    readonly data_coding?: number
    readonly system_id?: string
    readonly password?: string
    readonly source_addr?: string
    readonly source_addr_ton?: number
    readonly destination_addr?: string
    readonly registered_delivery?: number
    readonly short_message?: { readonly message: string | Buffer; readonly udh?: readonly Buffer[] }
    readonly message_payload?: { readonly message: string | Buffer }
    readonly receipted_message_id?: string
    readonly message_state?: number
    isResponse(): boolean
    response(options?: Record<string, unknown>): Pdu
    toBuffer(): Buffer
  }

  export interface Session extends EventEmitter {
    readonly socket: Socket
    /** False when the socket cannot be written to; numbers the PDU otherwise. */
    send(pdu: Pdu): boolean
    destroy(): void
  }

  export interface Server extends NetServer {
    readonly sessions: readonly Session[]
  }

  interface Package {
    readonly PDU: new (command: string, fields?: Readonly<Record<string, unknown>>) => Pdu
    connect(options: { readonly url: string } & Readonly<Record<string, unknown>>): Session
    createServer(listener: (session: Session) => void): Server
  }
  const smpp: Package
  export default smpp
}
