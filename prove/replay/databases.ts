import { freshDatabase, open } from '../../test/support/database.ts'
import type { LedgerDatabases } from './world.ts'

/** Replays wait for the disk most of the time. */
const AT_ONCE = 4

export interface ReplayDatabases {
  readonly all: readonly LedgerDatabases[]
  /** The same databases over new connections: a connection keeps the statements it has prepared. */
  connectAnew(): { readonly all: readonly LedgerDatabases[]; close(): Promise<void> }
  drop(): Promise<void>
}

/** Migrated databases for replays, on a server with the template. */
export async function replayDatabases(adminUrl: string): Promise<ReplayDatabases> {
  const all: Awaited<ReturnType<typeof freshDatabase>>[] = []
  for (let n = 0; n < AT_ONCE; n++) all.push(await freshDatabase(adminUrl))
  return {
    all,
    connectAnew() {
      const again = all.map(({ gatewayUrl, serviceUrl, admin }) => ({
        gateway: open(gatewayUrl),
        service: open(serviceUrl),
        admin,
      }))
      return {
        all: again,
        async close() {
          await Promise.all(again.flatMap(({ gateway, service }) => [gateway.close(), service.close()]))
        },
      }
    },
    async drop() {
      await Promise.all(all.map((database) => database.drop()))
    },
  }
}
