import pg from 'pg'
import type { AcceptedMessage, Claim, SendTimes } from '../../src/authority/claim.ts'
import type { Permit } from '../../src/authority/permit.ts'
import type { ProvenSettlement } from '../../src/authority/proof.ts'
import { statement } from '../../src/db/statement.ts'
import type { AttemptEnd } from '../../src/authority/settle.ts'
import type { Picks, Step } from './trace.ts'
import { permitKey, type World } from './world.ts'

/** What the functions answered, a message each, in the words of the specification. */
export type Answers = ReadonlyMap<number, string>
type Perform = (world: World, picks: Picks, step: Step) => Promise<Answers>

const DEADLINE_MS = 5_000
const LIMIT = 100
const HOUR_MS = 3_600_000
const LONG_PAST = '2000-01-01T00:00:00Z'
const LONG_AHEAD = '2999-01-01T00:00:00Z'
const REFUSED_BY_LEDGER: Readonly<Record<string, string>> = { BA001: 'forbidden', BA002: 'being replayed' }
const NOTHING: Answers = new Map()

const passTime = statement<never>(import.meta.url, './sql/time-passes.sql')
const dispatchOutOfTime = statement<never>(import.meta.url, './sql/dispatch-out-of-time.sql')

/** Every action of the specification, done by the real functions. */
export const actions: Readonly<Record<string, Perform>> = {
  async accept(world, { ms = [], lane = '', isLate, isHeld, isUnheard }) {
    if (isUnheard) world.service.loseAnswerTo('authority/accept')
    const claims = world.ledger.createClaims(world.service.database, DEADLINE_MS)
    const accepted = await claims.accept(ms.map((m) => messageOf(world, m, lane, timesOf(isLate, isHeld))))
    return new Map(
      ms.map((m, index) => [m, accepted[index] && 'won' in accepted[index] ? 'won' : 'lost'] as const),
    )
  },
  async claimForLegacy(world, { ms = [], isLate, isHeld, isUnheard }, { tokens }) {
    if (isUnheard) world.gateway.loseAnswerTo('authority/claim-legacy')
    const claims = world.ledger.createClaims(world.gateway.database, DEADLINE_MS)
    const claimed = await claims.claimForLegacy(
      uuidsOf(world, ms),
      'driver',
      ms.map(() => timesOf(isLate, isHeld)),
    )
    claimed.forEach((claim, index) => {
      if ('won' in claim) keep(world, claim.won, tokens, ms[index])
    })
    return wonOrLost(ms, claimed)
  },
  async giveUp(world, { m, isUnheard }) {
    const ms = m === undefined ? [] : [m]
    if (isUnheard) world.gateway.loseAnswerTo('authority/give-up')
    const claims = world.ledger.createClaims(world.gateway.database, DEADLINE_MS)
    return wonOrLost(ms, await claims.giveUp(uuidsOf(world, ms), 'not wanted'))
  },
  async take(world, { provider = '' }, { tokens }) {
    const taken = await world.dispatching.take(LIMIT, provider)
    return permitted(
      world,
      taken.map(({ permit }) => permit),
      tokens,
    )
  },
  async takeUnheard(world, { provider = '' }) {
    world.service.loseAnswerTo('authority/dispatch')
    await world.dispatching.take(LIMIT, provider).then(
      () => Promise.reject(new Error('take: answered, though its answer was lost')),
      () => {},
    )
    return NOTHING
  },
  async takeFound(world, { one }) {
    const taken = await world.dispatching.take(LIMIT, one?.provider ?? '')
    return permitted(
      world,
      taken.map(({ permit }) => permit),
      one?.token ?? 0,
    )
  },
  async dispatchForLegacy(world, { ms = [], isUnheard }, { tokens }) {
    if (isUnheard) world.gateway.loseAnswerTo('authority/dispatch-legacy')
    const uuids = uuidsOf(world, ms)
    const { database } = world.gateway
    return permitted(
      world,
      await world.ledger.dispatchForLegacy(database, uuids, 'driver', DEADLINE_MS),
      tokens,
    )
  },
  async timePasses(world, { ms = [], isLate }) {
    await world.databases.admin.run(passTime, [uuidsOf(world, ms), isLate === 0])
    return NOTHING
  },
  async dispatchOutOfTime(world, { m = 0 }) {
    return said(m, async () => {
      await world.databases.admin.run(dispatchOutOfTime, [uuidsOf(world, [m])])
      return 'dispatched'
    })
  },
  async settle(world, { permit: chosen, end = '', isUnheard }) {
    if (!chosen) throw new Error('settle: the trace names no permit')
    const side = chosen.holder === 'go' ? world.service : world.gateway
    if (isUnheard) side.loseAnswerTo(`authority/settle-${chosen.holder}`)
    const settle = world.ledger.createSettling(side.database, chosen.holder, DEADLINE_MS)
    const permit = world.permits.get(permitKey(chosen.message, chosen.token))
    if (!permit)
      throw new Error(`settle: no permit was given for message ${chosen.message}, token ${chosen.token}`)
    return said(chosen.message, () => settle(permit, endOf(end)))
  },
  async flag(world, { holder }) {
    const database = holder === 'go' ? world.databases.service : world.databases.gateway
    return all(world, await world.ledger.flagOverdue(database, sideOf(holder), 0), 'flagged')
  },
  async prove(world, { permit: chosen, end, kind, lane = '' }) {
    if (!chosen) throw new Error('prove: the trace names no permit')
    const database = chosen.holder === 'go' ? world.databases.service : world.databases.gateway
    const permit = world.permits.get(permitKey(chosen.message, chosen.token))
    if (!permit)
      throw new Error(`prove: no permit was given for message ${chosen.message}, token ${chosen.token}`)
    const settlement: ProvenSettlement = {
      messageUuid: permit.messageUuid,
      attemptToken: permit.attemptToken,
      to: end as ProvenSettlement['to'],
      providerMessageId: null,
      proof: { kind: kind as ProvenSettlement['proof']['kind'], detail: 'as the trace says' },
      actor: 'replay',
      ...(end === 'claimed' && lane !== '' ? { lane } : {}),
    }
    return said(chosen.message, async () =>
      (await world.ledger.settleProven(database, settlement)) ? 'proven' : 'nothing',
    )
  },
  async decide(world, { m = 0, holder, end }) {
    const database = holder === 'go' ? world.databases.service : world.databases.gateway
    const decision = { to: end as ProvenSettlement['to'], providerMessageId: null, reason: 'r', actor: 'a' }
    const uuid = world.uuids[m] ?? ''
    return said(
      m,
      async () => (await world.ledger.resolveInDoubt(database, sideOf(holder), uuid, decision)).kind,
    )
  },
  async beginReplays(world, { provider = '' }, { rows }) {
    const settler = {
      provider,
      kind: 'replay',
      windowMs: 24 * HOUR_MS,
      requestMs: HOUR_MS,
      checksMax: 2,
    } as const
    const begun = await world.ledger.beginChecks(world.databases.service, [settler], 0, LIMIT)
    for (const check of begun) world.replays.set(world.uuids.indexOf(check.messageUuid), check)
    const wrong = begun.find(({ messageUuid, attemptToken, permit }) => {
      const m = world.uuids.indexOf(messageUuid)
      const known = world.permits.get(permitKey(m, rows.get(m)?.token ?? 0))
      return permit === null || (known !== undefined && known.attemptToken !== attemptToken)
    })
    if (wrong)
      throw new Error(`beginReplays: a replay under another token than the attempt: ${wrong.attemptToken}`)
    return all(
      world,
      begun.map(({ messageUuid }) => messageUuid),
      'permit',
    )
  },
  async endReplay(world, { m = 0 }) {
    const check = world.replays.get(m)
    if (!check) throw new Error(`endReplay: message ${m} is not being replayed`)
    await world.ledger.endCheck(world.databases.service, check, 'proves nothing')
    return NOTHING
  },
  async handBack(world, { ms = [], isUnheard }) {
    if (isUnheard) world.gateway.loseAnswerTo('authority/hand-back')
    const uuids = uuidsOf(world, ms)
    const { database } = world.gateway
    return all(
      world,
      await world.ledger.handBack(database, uuids, 'the mode is OFF', DEADLINE_MS),
      'handed back',
    )
  },
  async expireForLegacy(world, { ms = [] }) {
    const { gateway } = world.databases
    return all(world, await world.ledger.expireForLegacy(gateway, uuidsOf(world, ms), 'too old'), 'void')
  },
  async expireForService(world) {
    return all(world, await world.ledger.expireForService(world.databases.service), 'void')
  },
  async withdraw(world, { ms = [] }) {
    const { service } = world.databases
    return all(world, await world.ledger.withdraw(service, uuidsOf(world, ms), 'opted out'), 'void')
  },
  async moveStuck(world, { open = [], paused = [] }) {
    await world.ledger.moveStuck(
      world.databases.service,
      open,
      paused.filter((one) => !open.includes(one)),
    )
    return NOTHING
  },
}

const uuidsOf = ({ uuids }: World, ms: readonly number[]): string[] => ms.map((m) => uuids[m] ?? '')
const sideOf = (holder: string | undefined): 'go' | 'legacy' => (holder === 'go' ? 'go' : 'legacy')

function timesOf(isLate?: number, isHeld?: number): SendTimes {
  return { sendAt: isHeld === 0 ? LONG_AHEAD : null, validUntil: isLate === 0 ? LONG_PAST : null }
}

function messageOf(world: World, m: number, lane: string, times: SendTimes): AcceptedMessage {
  const route = lane === '' ? [] : lane === 'alpha' ? ['alpha', 'beta'] : ['beta', 'alpha']
  return {
    messageUuid: world.uuids[m] ?? '',
    recipient: '+12025550100',
    sender: null,
    body: 'hello',
    route,
    sendAt: times.sendAt ?? undefined,
    validUntil: times.validUntil ?? undefined,
  }
}

function endOf(end: string): AttemptEnd {
  if (end === 'sent') return { state: 'sent', providerMessageId: 'carrier-1' }
  return { state: end === 'refused' ? 'refused' : 'in_doubt', reason: 'as the trace says' }
}

function wonOrLost(ms: readonly number[], claims: readonly Claim<unknown>[]): Answers {
  return new Map(ms.map((m, index) => [m, claims[index] && 'won' in claims[index] ? 'won' : 'lost'] as const))
}

function keep(
  world: World,
  permit: Permit,
  token: number,
  m = world.uuids.indexOf(permit.messageUuid),
): void {
  world.permits.set(permitKey(m, token), permit)
}

function permitted(world: World, permits: readonly Permit[], token: number): Answers {
  for (const permit of permits) keep(world, permit, token)
  return all(
    world,
    permits.map(({ messageUuid }) => messageUuid),
    'permit',
  )
}

function all(world: World, messageUuids: readonly string[], answer: string): Answers {
  return new Map(messageUuids.map((uuid) => [world.uuids.indexOf(uuid), answer] as const))
}

/** What the ledger's wall refuses is an answer too; anything else that is thrown is a fault. */
async function said(m: number, work: () => Promise<string>): Promise<Answers> {
  try {
    return new Map([[m, await work()]])
  } catch (error) {
    const answer = error instanceof pg.DatabaseError ? REFUSED_BY_LEDGER[error.code ?? ''] : undefined
    if (answer === undefined) throw error
    return new Map([[m, answer]])
  }
}
