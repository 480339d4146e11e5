import type { Holder } from '../core/authority-state.ts'

/**
 * The right to make one external send of one message, handed out by the ledger after `dispatched` is
 * committed. Nobody outside this folder can construct one (a layer rule and the private constructor), and it
 * can be spent once.
 */
class Permit {
  readonly messageUuid: string
  readonly holder: Holder
  readonly attemptToken: string
  #spent = false

  private constructor(messageUuid: string, holder: Holder, attemptToken: string) {
    this.messageUuid = messageUuid
    this.holder = holder
    this.attemptToken = attemptToken
  }

  /** For the ledger alone: call it only for a row that this very token has brought to `dispatched`. */
  static make(messageUuid: string, holder: Holder, attemptToken: string): Permit {
    return new Permit(messageUuid, holder, attemptToken)
  }

  get spent(): boolean {
    return this.#spent
  }

  /**
   * A provider's first act, before any byte leaves. Throws when the permit is for another message or was
   * spent before: such a call is a fault of the program, never an outcome.
   */
  spend(messageUuid: string): void {
    if (messageUuid !== this.messageUuid) {
      throw new Error(`permit: is for message ${this.messageUuid}, not for ${messageUuid}`)
    }
    if (this.#spent) throw new Error(`permit: was already spent for message ${this.messageUuid}`)
    this.#spent = true
  }
}

export type { Permit }
export const makePermit = (messageUuid: string, holder: Holder, attemptToken: string): Permit =>
  Permit.make(messageUuid, holder, attemptToken)
