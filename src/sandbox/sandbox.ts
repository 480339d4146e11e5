import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { CarrierEntry } from './carrier-entry.ts'
import { openCarrierLog, type CarrierLog } from './carrier-log.ts'
import { addCallbackRoutes } from './callback-routes.ts'
import { createCallbacks, type CallbackUrls } from './callbacks.ts'
import { addFaultRoutes } from './fault-routes.ts'
import { drawReports, faultsInForce, type FaultSetting } from './faults.ts'
import { createServer } from '../http/server.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { addLogRoutes } from './log-routes.ts'
import { addMessageRoutes } from './message-routes.ts'
import { createPauses } from './pauses.ts'
import { addPhoneRoutes } from './phone-routes.ts'

const BODY_BYTES_MAX = 64 * 1024

export interface SandboxOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** The carrier's own log; made when absent, its folder too. One sandbox at a time may have it. */
  readonly logPath: string
  /** Where each account is called back with delivery statuses and replies; see PUT /callbacks. */
  readonly callbacks?: CallbackUrls
  /** Signs callbacks. */
  readonly callbackSecret?: string
  readonly log: Logger
}

export interface Sandbox {
  readonly url: string
  readonly port: number
  /** Resets what is still open; nothing is accepted after it. */
  readonly close: () => Promise<void>
}

/** An SMS vendor to test and demonstrate against, with a log of its own and faults on demand. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host, port, logPath, callbackSecret = '', log } = options
  const carrierLog = await openCarrierLog(logPath)
  if (carrierLog.torn) log.warn(carrierLog.torn, 'the last entry of the log was cut and is set aside')
  const setting: FaultSetting = { current: faultsInForce({}) }
  const pauses = createPauses()
  const callbacks = createCallbacks({ urls: options.callbacks ?? {}, secret: callbackSecret, log })
  const app = createServer({ log, bodyBytesMax: BODY_BYTES_MAX, cutsOnClose: true })
  try {
    const inbox = await recallInbox(carrierLog)
    const accept = (entry: CarrierEntry): void => {
      carrierLog.append(entry)
      inbox.add(entry)
      callbacks.report(entry, drawReports(setting.current[entry.account], Math.random))
    }
    addMessageRoutes(app, { setting, pauses, accept })
    addLogRoutes(app, carrierLog)
    addFaultRoutes(app, setting, log)
    addPhoneRoutes(app, inbox, setting)
    addCallbackRoutes(app, callbacks)
    app.get('/healthz', async () => ({ status: 'ok' }))
    await app.listen({ host, port })
  } catch (error) {
    await callbacks.close()
    carrierLog.close()
    throw error
  }
  const close = async (): Promise<void> => {
    pauses.end()
    await app.close()
    await callbacks.close()
    carrierLog.close()
  }
  const bound = (app.server.address() as AddressInfo).port
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, port: bound, close }
}

/** Fills the phone page from the log; it reads every line, so a damaged log stops the start. */
async function recallInbox(carrierLog: CarrierLog): Promise<Inbox> {
  const inbox = createInbox()
  for await (const entries of carrierLog.read({})) entries.forEach(inbox.add)
  return inbox
}
