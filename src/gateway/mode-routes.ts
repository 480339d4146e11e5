import { Type } from 'typebox'
import { ModeChange, type ModeChanged } from '../contract/gateway-api.ts'
import { EVERYONE } from '../core/mode.ts'
import type { Database } from '../db/database.ts'
import { classifyFailure } from '../db/failure.ts'
import { problem, type Server } from '../http/server.ts'
import type { Authenticate } from './authenticate.ts'
import { readModeChange } from './mode-change-status.ts'
import { changeMode, readModeHistory, viewModes } from './mode-store.ts'

export interface ModeRoutesOptions {
  readonly authenticate: Authenticate
  readonly legacyDatabase: Database
  readonly ledgerDatabase: Database
}

const HISTORY_MAX = 1_000
const HISTORY_DEFAULT = 100
const Count = Type.String({ pattern: '^[1-9][0-9]{0,14}$' })

/** `/operator/mode`: who sends, since when and why, and how far a change has come. */
export function addModeRoutes(
  server: Server,
  { authenticate, legacyDatabase, ledgerDatabase }: ModeRoutesOptions,
): void {
  server.get('/operator/mode', async ({ headers }) => {
    await authenticate(headers.authorization, 'operate')
    return viewModes(legacyDatabase).catch(away)
  })

  server.put('/operator/mode', {
    schema: { body: ModeChange },
    onRequest: async (request) => {
      request.caller = await authenticate(request.headers.authorization, 'operate')
    },
    handler: async ({ body, caller, log }): Promise<ModeChanged> => {
      const actor = caller?.label ?? 'unknown'
      const inForce = await changeMode(legacyDatabase, body, actor).catch(notChanged)
      if (!inForce) throw moved(body)
      log.warn({ ...inForce, actor }, 'mode changed')
      const [view, change] = await Promise.all([
        viewModes(legacyDatabase).catch(away),
        readModeChange(legacyDatabase, ledgerDatabase, inForce.epoch).catch(away),
      ])
      if (!change) throw new Error(`mode: change ${inForce.epoch} was made and cannot be found`)
      return { ...inForce, tenants: view.tenants, change }
    },
  })

  server.get(
    '/operator/mode/changes',
    {
      schema: {
        querystring: Type.Object(
          { limit: Type.Optional(Count), before: Type.Optional(Count) },
          { additionalProperties: false },
        ),
      },
    },
    async ({ headers, query: { limit, before } }) => {
      await authenticate(headers.authorization, 'operate')
      const wanted = Math.min(Number(limit ?? HISTORY_DEFAULT), HISTORY_MAX)
      const from = before === undefined ? null : Number(before)
      return { changes: await readModeHistory(legacyDatabase, wanted, from).catch(away) }
    },
  )

  server.get(
    '/operator/mode/changes/:epoch',
    { schema: { params: Type.Object({ epoch: Count }) } },
    async ({ headers, params: { epoch } }) => {
      await authenticate(headers.authorization, 'operate')
      const status = await readModeChange(legacyDatabase, ledgerDatabase, Number(epoch)).catch(away)
      if (!status) throw problem(404, 'not_found', `mode change ${epoch}: there is none of this number`)
      return status
    },
  )
}

function away(cause: unknown): never {
  throw problem(503, 'database_away', 'operator: the database cannot be asked', { cause })
}

function notChanged(cause: unknown): never {
  const isUnknown = classifyFailure(cause) === 'unknown'
  const detail = isUnknown
    ? 'mode: the answer of the database got lost: look at the mode before you change it again'
    : 'mode: the database cannot be asked; nothing was changed'
  throw problem(503, isUnknown ? 'outcome_unknown' : 'database_away', detail, { cause })
}

function moved({ tenant = EVERYONE, if_epoch }: ModeChange) {
  const scope = tenant === EVERYONE ? 'everyone' : tenant
  const detail = `mode: the epoch in force for ${scope} is not ${if_epoch}; nothing was changed: look at the mode again`
  return problem(409, 'epoch_moved', detail)
}
