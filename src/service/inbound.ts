import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { InboundText } from '../providers/receipt.ts'
import { choiceIn, type Keywords } from '../sms/keyword.ts'
import type { Counted, Counters } from './counters.ts'

const noteChoice = statement<{ choice: string }>(import.meta.url, './sql/note-choice.sql')

/** Takes what subscribers wrote to a provider's senders. Resolves when every STOP and START stands; safe to repeat. */
export type TakeTexts = (provider: string, texts: readonly InboundText[]) => Promise<void>

/** STOP and START change the STOP list; of everything else only the number of texts is kept. */
export function createTakeTexts(database: Database, keywords: Keywords, counters: Counters): TakeTexts {
  async function take(provider: string, text: InboundText): Promise<Counted> {
    const choice = choiceIn(text.text, keywords)
    if (choice === undefined) return 'texts_ignored'
    const { id, from, to, at } = text
    const noted = await database.run(noteChoice, [provider, id, from, to ?? '', choice, at.getTime()])
    if (noted.length === 0) return 'texts_repeated'
    return choice === 'stop' ? 'texts_stop' : 'texts_start'
  }

  return async (provider, texts) => {
    // In their order: of one number's STOP and START the later one stands.
    for (const text of texts) counters.count(await take(provider, text), 1)
  }
}
