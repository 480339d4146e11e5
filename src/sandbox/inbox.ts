import { perAccount, type Account, type PerAccount } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'

const SHOWN_MAX = 40
const DUPLICATES_SHOWN_MAX = 20
/** Far more than one demonstration sends, and about 20 MB. */
const REFERENCES_MAX = 100_000

export interface InboxMessage extends CarrierEntry {
  readonly duplicate: boolean
}

/** What the phone page shows. */
export interface InboxView {
  readonly accounts: PerAccount<{ readonly sent: number; readonly messages: readonly InboxMessage[] }>
  readonly duplicates: {
    readonly count: number
    /** A second text is noticed when the first is among so many latest ones. */
    readonly among: number
    readonly latest: readonly CarrierEntry[]
  }
}

export interface Inbox {
  readonly add: (entry: CarrierEntry) => void
  readonly view: () => InboxView
}

/** The latest texts and the repeated ones, in bounded memory. The log on disk stays the evidence. */
export function createInbox(referencesMax: number = REFERENCES_MAX): Inbox {
  const shown: PerAccount<CarrierEntry[]> = perAccount(() => [])
  const sent: PerAccount<number> = perAccount(() => 0)
  const textsOf = new Map<string, number>()
  const repeated: CarrierEntry[] = []
  let duplicates = 0

  const countReference = (reference: string): number => {
    const texts = (textsOf.get(reference) ?? 0) + 1
    textsOf.set(reference, texts)
    if (textsOf.size > referencesMax) {
      const oldest = textsOf.keys().next()
      if (!oldest.done) textsOf.delete(oldest.value)
    }
    return texts
  }

  const add = (entry: CarrierEntry): void => {
    sent[entry.account]++
    keepLast(shown[entry.account], entry, SHOWN_MAX)
    if (entry.reference === null || countReference(entry.reference) === 1) return
    duplicates++
    keepLast(repeated, entry, DUPLICATES_SHOWN_MAX)
  }

  const isDuplicate = ({ reference }: CarrierEntry): boolean =>
    reference !== null && (textsOf.get(reference) ?? 0) > 1
  const ofAccount = (account: Account): InboxView['accounts'][Account] => ({
    sent: sent[account],
    messages: shown[account].map((entry) => ({ ...entry, duplicate: isDuplicate(entry) })),
  })
  const view = (): InboxView => ({
    accounts: perAccount(ofAccount),
    duplicates: { count: duplicates, among: referencesMax, latest: repeated },
  })
  return { add, view }
}

function keepLast(entries: CarrierEntry[], entry: CarrierEntry, max: number): void {
  entries.push(entry)
  if (entries.length > max) entries.shift()
}
