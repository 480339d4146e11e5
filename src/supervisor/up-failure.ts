/** `up` cannot start or go on, for a reason that is told in a sentence and needs no stack trace. */
export class UpFailure extends Error {
  override readonly name = 'UpFailure'
}
