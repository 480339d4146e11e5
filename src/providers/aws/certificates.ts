import { X509Certificate, type KeyObject } from 'node:crypto'
import { openPeer } from '../../http/exchange.ts'

/** What stands at the address of a certificate. `away`: it could not be asked; ask again later. */
export type FetchedCertificate =
  | { readonly kind: 'text'; readonly pem: string }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'away'; readonly reason: string }

/** The certificates under which SNS signs, each fetched once and kept while it is valid. */
export interface SnsCertificates {
  /** Its key, when it is at hand and valid at that time. */
  readonly keyAt: (url: string, now: Date) => KeyObject | undefined
  /** Gets it, unless it is at hand; false: it could not be asked for, so nothing is known of it. */
  readonly obtain: (url: string) => Promise<boolean>
}

const FETCH_MS = 3_000
/** Amazon's certificates have about two thousand. */
const PEM_BYTES_MAX = 16 * 1024
const KEPT_MAX = 16
/** Anybody may name addresses: what is no certificate is not asked for again so soon, and few are asked at a time. */
const REFUSED_KEPT_MS = 60_000
const FETCHES_MAX = 4

const OFFICIAL = /^sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?$/

/** Whether an address is SNS's own, over TLS, on the usual port and without credentials. */
export function isOfSns(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, port, username, password } = new URL(address)
  return protocol === 'https:' && OFFICIAL.test(hostname) && port === '' && username === '' && password === ''
}

interface Kept {
  readonly key: KeyObject
  readonly from: number
  readonly to: number
}

/** `fetchText` is asked for addresses of SNS alone. */
export function createSnsCertificates(
  fetchText: (url: URL) => Promise<FetchedCertificate> = ({ origin, pathname }) =>
    fetchCertificate(origin, pathname),
): SnsCertificates {
  const kept = new Map<string, Kept>()
  const refused = new Map<string, number>()
  const fetching = new Map<string, Promise<boolean>>()

  function remember<Value>(map: Map<string, Value>, url: string, value: Value): void {
    const [oldest] = map.keys()
    if (map.size >= KEPT_MAX && oldest !== undefined) map.delete(oldest)
    map.set(url, value)
  }

  async function get(url: string): Promise<boolean> {
    const fetched = await fetchText(new URL(url))
    if (fetched.kind === 'away') return false
    const certificate = fetched.kind === 'text' ? readCertificate(fetched.pem) : undefined
    if (certificate && certificate.to >= Date.now()) remember(kept, url, certificate)
    else remember(refused, url, performance.now() + REFUSED_KEPT_MS)
    return true
  }

  return {
    keyAt(url, now) {
      const found = kept.get(url)
      const isValid = found && found.from <= now.getTime() && now.getTime() <= found.to
      return isValid ? found.key : undefined
    },
    async obtain(url) {
      const isKept = (kept.get(url)?.to ?? 0) >= Date.now()
      if (isKept || (refused.get(url) ?? 0) > performance.now()) return true
      const underWay = fetching.get(url)
      if (underWay) return underWay
      if (fetching.size >= FETCHES_MAX) return false
      const got = get(url).finally(() => fetching.delete(url))
      fetching.set(url, got)
      return got
    },
  }
}

function readCertificate(pem: string): Kept | undefined {
  try {
    const { publicKey, validFrom, validTo } = new X509Certificate(pem)
    return { key: publicKey, from: Date.parse(validFrom), to: Date.parse(validTo) }
  } catch {
    return undefined
  }
}

/** One attempt, no redirect, bounded in time and size. */
export async function fetchCertificate(origin: string, path: string): Promise<FetchedCertificate> {
  const peer = openPeer(origin, 1, { connectTimeoutMs: FETCH_MS, answerBytesMax: PEM_BYTES_MAX })
  try {
    const exchange = await peer.exchange({ method: 'GET', path, timeoutMs: FETCH_MS })
    if (exchange.kind !== 'answer') {
      return { kind: exchange.cause === 'unreadable_answer' ? 'none' : 'away', reason: exchange.cause }
    }
    const { status, text } = exchange
    if (status === 200) return { kind: 'text', pem: text }
    const kind = status >= 500 || status === 429 ? 'away' : 'none'
    return { kind, reason: `HTTP ${status}` }
  } finally {
    await peer.close()
  }
}
