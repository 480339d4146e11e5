import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { RECEIPT_WINDOW_MS, type RawRequest, type ReceiptReading } from './receipt.ts'

/** Compares in a time that does not depend on where the two differ, nor on their lengths. */
export function equalSecretly(one: string | Uint8Array, other: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(one), digest(other))
}

export type HmacAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

export function hmac(
  algorithm: HmacAlgorithm,
  key: string | Uint8Array,
  ...parts: (string | Uint8Array)[]
): Buffer {
  const mac = createHmac(algorithm, key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** One header; undefined where it is absent or stands more than once. */
export function headerOf({ headers }: RawRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

export function notAuthentic(reason: string): ReceiptReading {
  return { kind: 'not_authentic', reason }
}

export function unreadable(reason: string): ReceiptReading {
  return { kind: 'unreadable', reason }
}

/** Whether a signed time, in seconds since the epoch, is close enough to now that a replay is excluded. */
export function isRecent(seconds: string | undefined, now: Date): boolean {
  if (seconds === undefined || !/^\d{1,12}$/.test(seconds)) return false
  return Math.abs(now.getTime() - Number(seconds) * 1_000) <= RECEIPT_WINDOW_MS
}

/** Basic credentials, for vendors that sign nothing. The body is as trustworthy as TLS and the secret. */
export function hasBasic(
  request: RawRequest,
  { user, password }: { user: string; password: string },
): boolean {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return equalSecretly(headerOf(request, 'authorization') ?? '', expected)
}
