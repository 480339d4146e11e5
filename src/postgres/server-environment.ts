/**
 * The whole environment of PostgreSQL's programs. Of this process' own nothing is passed on: its PG* variables
 * would change what they do, and its secrets are none of theirs.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}
