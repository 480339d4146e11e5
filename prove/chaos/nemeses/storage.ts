// A full disk: the ledger and both logs lie in a tablespace on a small file system of its own, which fills up.
import { execFileSync } from 'node:child_process'
import { chownSync, closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ChaosFleet } from '../chaos-fleet.ts'
import type { Nemesis } from '../nemesis.ts'
import { pause } from '../seeded.ts'

const SIZE = '256m'
const MIB = 1024 * 1024
const TABLES = [
  'messaging.execution_authority',
  'messaging.go_sms_logs',
  'legacy.sms_logs',
  'legacy.requests',
]

export interface SmallDisk {
  readonly folder: string
  fill(): void
  free(): void
  unmount(): void
}

/** Mounts it and moves the tables there; a string says why that cannot be done. */
export async function mountSmallDisk(fleet: ChaosFleet): Promise<SmallDisk | string> {
  const folder = join(fleet.cluster.folder, 'small-disk')
  const space = join(folder, 'space')
  const ballast = join(folder, 'ballast')
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a file system of its own can be mounted by root on Linux alone'
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    return `mounting is not allowed here: ${error instanceof Error ? error.message.trim() : String(error)}`
  }
  mkdirSync(space, { mode: 0o700 })
  const { uid, gid } = statSync(fleet.cluster.dataDirectory)
  chownSync(space, uid, gid)
  await fleet.ask(`create tablespace small location '${space}'`)
  for (const table of TABLES) await fleet.ask(`alter table ${table} set tablespace small`)
  const indexes = await fleet.ask<{ name: string }>(
    `select schemaname || '.' || indexname as name from pg_indexes
     where schemaname || '.' || tablename in (${TABLES.map((table) => `'${table}'`).join(', ')})`,
  )
  for (const { name } of indexes) await fleet.ask(`alter index ${name} set tablespace small`)
  return {
    folder,
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast, { force: true }),
    unmount: () => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' }),
  }
}

/** Writes until there is no room for another page. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'a')
  try {
    for (let size = MIB; size >= 4_096; size /= 2) {
      const block = Buffer.alloc(size)
      while (hasRoom(descriptor, block));
    }
  } finally {
    closeSync(descriptor)
  }
}

function hasRoom(descriptor: number, block: Buffer): boolean {
  try {
    return writeSync(descriptor, block) === block.length
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}

/** Takes turns with crashes: a server that recovers onto a full disk does not come up, then or in life. */
export function fullDisk(disk: SmallDisk): Nemesis {
  return {
    name: 'full disk',
    async run({ fleet, tally, inTurn, seeded }, signal) {
      const own = seeded.branch('storage')
      while (!signal.aborted) {
        await pause(own.between(15_000, 30_000), signal)
        if (signal.aborted) return
        await inTurn(async () => {
          disk.fill()
          try {
            await pause(own.between(2_000, 5_000), signal)
            const isFull = await fleet
              .ask('create table chaos.ballast tablespace small as select generate_series(1, 100000)')
              .then(
                () => false,
                (error: unknown) => error instanceof Error && 'code' in error && error.code === '53100',
              )
            tally.count(isFull ? 'disk full' : 'disk not quite full')
          } finally {
            disk.free()
          }
          await fleet.ask('drop table if exists chaos.ballast').catch(() => {})
        })
      }
    },
  }
}
