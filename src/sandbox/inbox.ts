import { perAccount, type Account, type PerAccount } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'

const SHOWN_MAX = 40
const DUPLICATES_SHOWN_MAX = 20
/** Far more than one demonstration sends, in a few ten megabytes. */
const REFERENCES_MAX = 100_000

export interface InboxMessage extends CarrierEntry {
  readonly duplicate: boolean
}

/** What the phone page shows. */
export interface InboxView {
  readonly accounts: PerAccount<{ readonly sent: number; readonly messages: readonly InboxMessage[] }>
  readonly duplicates: {
    readonly count: number
    /** A second text is noticed when the first is among so many latest references. */
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
  const texts = countTexts(referencesMax)
  const repeated: CarrierEntry[] = []
  let duplicates = 0

  const add = (entry: CarrierEntry): void => {
    sent[entry.account]++
    keepLast(shown[entry.account], entry, SHOWN_MAX)
    if (entry.reference === null || texts.add(entry.reference) === 1) return
    duplicates++
    keepLast(repeated, entry, DUPLICATES_SHOWN_MAX)
  }

  const isDuplicate = ({ reference }: CarrierEntry): boolean => reference !== null && texts.of(reference) > 1
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

/**
 * Counts texts by reference, for at least the latest `max` references and at most twice as many. Forgets a
 * whole generation at a time: taking the oldest key out of one big Map makes V8 walk over all deleted ones.
 */
function countTexts(max: number) {
  let young = new Map<string, number>()
  let old = new Map<string, number>()
  const of = (reference: string): number => young.get(reference) ?? old.get(reference) ?? 0
  const add = (reference: string): number => {
    const count = of(reference) + 1
    young.set(reference, count)
    if (young.size === max) {
      old = young
      young = new Map()
    }
    return count
  }
  return { add, of }
}

function keepLast(entries: CarrierEntry[], entry: CarrierEntry, max: number): void {
  entries.push(entry)
  if (entries.length > max) entries.shift()
}
