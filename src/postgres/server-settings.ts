import { ClusterError } from './cluster-error.ts'

export type ServerSettings = Readonly<Record<string, string>>

// What keeps an acknowledged commit through a crash, and what keeps the server private. Given on the command
// line, so that neither ALTER SYSTEM nor an edited file turns it off for the server.
const FIXED: ServerSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  listen_addresses: '127.0.0.1',
  // TCP only: the path of a socket is limited to about 100 bytes, and a crash leaves its lock file behind.
  unix_socket_directories: '',
  // On macOS plain fsync leaves data in the drive's cache.
  ...(process.platform === 'darwin' ? { wal_sync_method: 'fsync_writethrough' } : {}),
}

// Sized for a laptop that runs everything at once; a caller may choose otherwise.
const DEFAULTS: ServerSettings = {
  max_connections: '200',
  shared_buffers: '128MB',
  jit: 'off',
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%u@%d ',
  lc_messages: 'C', // the starter reads the server's log for why it did not start
}

const RESERVED = new Set([
  ...Object.keys(FIXED),
  'port',
  'data_directory',
  'config_file',
  'hba_file',
  'ident_file',
  'external_pid_file',
  'lc_messages',
  'log_destination',
  'logging_collector',
  'wal_sync_method',
])

/** The server's settings but for its port, each as `name=value`. */
export function settingArguments(chosen: ServerSettings = {}): string[] {
  for (const [name, value] of Object.entries(chosen)) {
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(name) || /[\0\n]/.test(value))
      throw new ClusterError(
        'bad_setting',
        `start the private PostgreSQL: not a setting: ${JSON.stringify(name)}`,
      )
    if (RESERVED.has(name))
      throw new ClusterError(
        'bad_setting',
        `start the private PostgreSQL: the setting is fixed for durability or privacy: ${name}: leave it out`,
      )
  }
  return Object.entries({ ...DEFAULTS, ...chosen, ...FIXED }).map(([name, value]) => `${name}=${value}`)
}
