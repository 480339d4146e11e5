// What a run must have seen to count. The witnesses stand in a schema of their own in the run's own database.
import { roles } from '../../src/db/migrate.ts'
import type { ChaosFleet } from './chaos-fleet.ts'
import type { Tally } from './tally.ts'

/**
 * A claim that meets another's row is a lost race: a trigger of the run's own notes it. What the same attempt says
 * again, because it never heard the answer, is none.
 */
export async function plantWitnesses({ ask }: Pick<ChaosFleet, 'ask'>): Promise<void> {
  await ask(`
    create schema chaos;
    create table chaos.scribbles (written bigint not null);
    create table chaos.lost_races (message_uuid uuid not null, challenger text not null, noted_at timestamptz not null default now());
    create function chaos.note_race() returns trigger language plpgsql security definer as $$
    begin
      if exists (select from messaging.execution_authority a
          where a.message_uuid = new.message_uuid and a.attempt_token <> new.attempt_token
            and a.holder is distinct from new.holder) then
        insert into chaos.lost_races (message_uuid, challenger) values (new.message_uuid, coalesce(new.holder, 'nobody'));
      end if;
      return new;
    end $$;
    create trigger chaos_note_race before insert on messaging.execution_authority
      for each row execute function chaos.note_race();
    grant usage on schema chaos to ${roles.service};
    grant insert on chaos.scribbles to ${roles.service};
  `)
}

export interface Witnesses {
  readonly lostRaces: number
  readonly inDoubt: number
  readonly fallbacks: number
  readonly handBacks: number
  /** Messages that were sent at a time that was asked for. */
  readonly scheduled: number
  readonly flipsInFlight: number
  readonly kills: number
  readonly databaseCrashes: number
  readonly forgottenCarelessCommits: number
}

export async function readWitnesses({ ask }: Pick<ChaosFleet, 'ask'>, tally: Tally): Promise<Witnesses> {
  const [row] = await ask<{
    lost_races: number
    in_doubt: number
    fallbacks: number
    hand_backs: number
    scheduled: number
  }>(`
    select (select count(*) from chaos.lost_races) as lost_races,
      (select count(*) from messaging.execution_authority where state = 'in_doubt') as in_doubt,
      (select count(*) from legacy.sms_logs where fallback is not null) as fallbacks,
      (select count(*) from messaging.go_sms_logs where status = 'handed_back') as hand_backs,
      (select count(*) from legacy.requests r cross join lateral unnest(r.message_uuids) as m (message_uuid)
        join messaging.execution_authority a using (message_uuid)
        where r.send_at is not null and a.state = 'sent') as scheduled`)
  return {
    lostRaces: row?.lost_races ?? 0,
    inDoubt: row?.in_doubt ?? 0,
    fallbacks: row?.fallbacks ?? 0,
    handBacks: row?.hand_backs ?? 0,
    scheduled: row?.scheduled ?? 0,
    flipsInFlight: tally.of('mode flip in flight'),
    kills: tally.of('kill'),
    databaseCrashes: tally.of('database crash'),
    forgottenCarelessCommits: tally.of('careless commits forgotten'),
  }
}

/** Without these a run shows nothing; forgotten commits are told, not asked for. */
export function missingWitnesses(seen: Witnesses): string[] {
  const needed = [
    'lostRaces',
    'inDoubt',
    'fallbacks',
    'handBacks',
    'scheduled',
    'flipsInFlight',
    'kills',
    'databaseCrashes',
  ] as const
  return needed.filter((name) => seen[name] === 0)
}
