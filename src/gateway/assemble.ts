import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { HttpPeer } from '../http/exchange.ts'
import type { GatewayConfig } from './config.ts'
import { createEnter } from './enter.ts'
import { createFinish } from './finish-request.ts'
import { createRequestHandler, type RequestHandler } from './handle-request.ts'
import { createGatewayLedger } from './ledger.ts'
import type { LegacyDriver } from './legacy-driver.ts'
import { announcePresence, type Presence } from './presence.ts'
import { createRecordAnswer } from './record-answer.ts'
import { createRepeatRequest } from './repeat-request.ts'
import { readRequest, takeOver } from './request-store.ts'
import { createSending, type Sending } from './sending.ts'
import { startSettler } from './settler.ts'

const LEFT_GRACE_MS = 2_000
const DAY_MS = 86_400_000

/** What the gateway reaches the world through. */
export interface GatewayPorts {
  readonly legacyDatabase: Database
  readonly ledgerDatabase: Database
  readonly driver: LegacyDriver
  /** Makes connections of their own to the messaging service. */
  readonly openService: () => HttpPeer
  readonly log: Logger
}

export type GatewayTimes = Pick<
  GatewayConfig,
  | 'entryDeadlineMs'
  | 'ledgerDeadlineMs'
  | 'breakerFailuresMax'
  | 'breakerProbeIntervalMs'
  | 'inDoubtAfterMs'
  | 'wantedMs'
  | 'keyedGraceMs'
  | 'scheduleDaysMax'
  | 'legacyRoute'
  | 'legacyPricePerSegment'
>

/** The gateway without its server. */
export interface AssembledGateway {
  readonly handle: RequestHandler
  readonly sending: Sending
  readonly presence: Presence
  /** Ids of the requests that this process works on now. */
  readonly inProgress: ReadonlySet<string>
  /** Starts the work in the background. */
  startSettler(): { stop(): Promise<void> }
  /** Closes what was opened here; the databases stay open. */
  close(): Promise<void>
}

export async function assembleGateway(times: GatewayTimes, ports: GatewayPorts): Promise<AssembledGateway> {
  const { legacyDatabase, ledgerDatabase, driver, openService, log } = ports
  const { entryDeadlineMs, ledgerDeadlineMs, scheduleDaysMax } = times
  const ledger = createGatewayLedger(ledgerDatabase, driver.name, ledgerDeadlineMs)
  const sending = createSending({ ...times, openService }, ledger, legacyDatabase, driver, log)
  const presence = await announcePresence(legacyDatabase, log)
  const record = createRecordAnswer(legacyDatabase, entryDeadlineMs)
  const inProgress = new Set<string>()
  const finish = createFinish(
    sending.control,
    (messageUuids) => sending.legacy.settled(messageUuids),
    record,
    log,
  )
  const repeat = createRepeatRequest({
    findRequest: (requestId, tenant, key) => readRequest(legacyDatabase, requestId, tenant, key),
    takeOver: (requestId, from) => takeOver(legacyDatabase, requestId, from, presence.owner),
    readLedger: ledger.read,
    finish,
    presence,
    inProgress,
    log,
  })
  const enter = createEnter(legacyDatabase, () => presence.owner, entryDeadlineMs, scheduleDaysMax * DAY_MS)
  const isKnown = async (tenant: string, key: string) =>
    (await readRequest(legacyDatabase, null, tenant, key)) !== undefined
  const left = { database: legacyDatabase, presence, inProgress, readLedger: ledger.read, record, log }
  const late = {
    legacyDatabase,
    ledgerDatabase,
    ledgerDeadlineMs,
    provider: driver.name,
    legacy: sending.legacy,
    record,
    log,
  }
  return {
    handle: createRequestHandler({ enter, finish, repeat, isKnown, scheduleDaysMax, inProgress }),
    sending,
    presence,
    inProgress,
    startSettler: () =>
      startSettler({
        left: { ...left, giveUp: ledger.giveUp, graceMs: LEFT_GRACE_MS, keyedGraceMs: times.keyedGraceMs },
        unresolved: { ...late, ...ledger, readLedger: ledger.read, wantedMs: times.wantedMs },
        handedBack: late,
        due: { ...late, readLedger: ledger.read },
        legacyDatabase,
        ledgerDatabase,
        inDoubtAfterMs: times.inDoubtAfterMs,
        log,
      }),
    async close() {
      await sending.close()
      await presence.close()
    },
  }
}
