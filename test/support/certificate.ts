// A certificate of the test's own making, since node:crypto reads certificates and makes none.
import { sign, type KeyObject } from 'node:crypto'

const SEQUENCE = 0x30
const SHA256_WITH_RSA = Buffer.from('06092a864886f70d01010b', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')

export interface CertificateWishes {
  readonly publicKey: KeyObject
  /** The issuer's. */
  readonly privateKey: KeyObject
  readonly from: Date
  readonly to: Date
}

/** PEM, version 3, RSA with SHA-256. */
export function makeCertificate({ publicKey, privateKey, from, to }: CertificateWishes): string {
  const algorithm = tlv(SEQUENCE, SHA256_WITH_RSA, tlv(0x05))
  const name = tlv(SEQUENCE, tlv(0x31, tlv(SEQUENCE, COMMON_NAME, tlv(0x0c, Buffer.from('sns.example')))))
  const version = tlv(0xa0, tlv(0x02, Buffer.from([2])))
  const serial = tlv(0x02, Buffer.from([1]))
  const validity = tlv(SEQUENCE, timeOf(from), timeOf(to))
  const key = publicKey.export({ format: 'der', type: 'spki' })
  const content = tlv(SEQUENCE, version, serial, algorithm, name, validity, name, key)
  const signature = sign('RSA-SHA256', content, privateKey)
  const whole = tlv(SEQUENCE, content, algorithm, tlv(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** GeneralizedTime: `20260102030405Z`. */
function timeOf(at: Date): Buffer {
  return tlv(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`))
}

/** Tag, length, content. */
function tlv(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const octets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...octets]), content])
}
