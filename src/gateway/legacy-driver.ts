import type { Treatment } from '../core/treatment.ts'
import type { OutgoingMessage, Provider } from '../providers/provider.ts'

/** What the legacy side says it would do with a message. */
export type Rehearsal =
  | { readonly kind: 'answer'; readonly verdict: 'send' | 'refuse'; readonly told: Partial<Treatment> }
  | { readonly kind: 'no_answer'; readonly reason: string }
  /** It answered without saying that it only rehearsed: it may have sent. It is never asked again. */
  | { readonly kind: 'not_a_rehearsal'; readonly reason: string }

/** How the legacy side sends; some can also be asked what they would do. */
export interface LegacyDriver extends Provider {
  /** Sends nothing: it takes no permit. Never rejects for what the network does. */
  readonly rehearse?: (message: OutgoingMessage) => Promise<Rehearsal>
}
