/** What a load generator is told; one message to its process. */
export interface LoadOrder {
  /** Requests go to these in turn. */
  readonly targets: readonly LoadTarget[]
  /** Requests in flight at a time. */
  readonly callers: number
  readonly timeMaxMs: number
  readonly requestsMax: number
}

export interface LoadTarget {
  readonly label: string
  /** Which API it speaks: it decides the body and how the answer is counted. */
  readonly api: 'gateway' | 'service' | 'carrier'
  readonly url: string
  /** Bearer keys, used in turn. */
  readonly keys?: readonly string[]
  readonly messagesPerRequest: number
}

export interface LoadResult {
  readonly elapsedMs: number
  readonly targets: readonly TargetResult[]
}

export interface TargetResult {
  readonly label: string
  readonly requests: number
  /** Messages by what was answered: `accepted`, `sent`, ...; `HTTP 503` for an answer without messages. */
  readonly messages: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
}
