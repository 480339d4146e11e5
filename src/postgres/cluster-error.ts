export type ClusterErrorCode =
  | 'bad_setting'
  | 'no_binaries'
  | 'directory_unusable'
  | 'directory_not_ours'
  | 'other_version'
  | 'start_locked'
  | 'initdb_failed'
  | 'unknown_process'
  | 'start_failed'
  | 'stop_failed'

/** The private cluster cannot be started or stopped; the message says what was found and what to do. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  readonly code: ClusterErrorCode

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
