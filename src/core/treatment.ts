/**
 * How a side treats a message beyond its verdict, in the words of HTTP and SQL; null: it does not tell. The two
 * sides of SHADOW are compared by it.
 */
export interface Treatment {
  /** The number as it is dialled, E.164. */
  readonly to: string | null
  readonly encoding: string | null
  readonly segments: number | null
  /** The provider that is tried first. */
  readonly route: string | null
  /** For the whole message, in whatever unit both sides are configured with. */
  readonly price: number | null
  /** Why it is refused, in a word; null where it is sent. */
  readonly error_class: string | null
}
