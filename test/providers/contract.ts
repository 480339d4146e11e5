// What every provider must do, whatever its vendor speaks. A case is left out only with a reason.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { makePermit } from '../../src/authority/permit-maker.ts'
import type { OutgoingMessage, Provider, SendResult, SmsProvider } from '../../src/providers/provider.ts'

/** How the peer meets a submission; `absent`: nobody listens. */
export const behaviours = [
  'accept',
  'refuse',
  'throttle',
  'silence',
  'reset',
  'server_error',
  'redirect',
  'garbage',
  'absent',
] as const
export type Behaviour = (typeof behaviours)[number]

/** A provider in front of a peer of the test's own. The peer repeats number and body in whatever it says. */
export interface Bench {
  /** One that promises nothing is blind. */
  readonly provider: Provider & Partial<Pick<SmsProvider, 'protection'>>
  /** What came over the wire, one text a submission. */
  readonly submissions: () => readonly string[]
  readonly stop: () => Promise<void>
}

export interface Subject {
  readonly name: string
  /** The id the peer gives when it accepts, as the provider hands it on. */
  readonly acceptedAs: string
  readonly skip: Partial<Record<Behaviour, string>>
  start(behaviour: Behaviour): Promise<Bench>
}

export const RECIPIENT = '+12025550147'
export const SENDER = '+12025550199'
export const BODY = 'canary sentence nobody else writes'
/** The deadline of every provider under test. */
export const TIMEOUT_MS = 400

export function newMessage(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { messageUuid: uuidv7(), recipient: RECIPIENT, sender: SENDER, body: BODY, ...changes }
}

export function permitFor({ messageUuid }: OutgoingMessage) {
  return makePermit(messageUuid, 'go', uuidv7())
}

const expected: Record<Behaviour, SendResult['kind']> = {
  accept: 'accepted',
  refuse: 'refused',
  throttle: 'refused',
  silence: 'unknown',
  reset: 'unknown',
  server_error: 'unknown',
  redirect: 'unknown',
  garbage: 'unknown',
  absent: 'not_sent',
}

export function providerContract(subject: Subject): void {
  const { name, skip, acceptedAs } = subject
  const withBench = async (behaviour: Behaviour, work: (bench: Bench) => Promise<void>) => {
    const bench = await subject.start(behaviour)
    try {
      await work(bench)
    } finally {
      await bench.provider.close()
      await bench.stop()
    }
  }

  describe(`${name}: provider contract`, () => {
    for (const behaviour of behaviours) {
      test(`${behaviour} is ${expected[behaviour]}`, { skip: skip[behaviour] ?? false }, () =>
        withBench(behaviour, async ({ provider, submissions }) => {
          const message = newMessage()
          const permit = permitFor(message)
          const result = await provider.send(permit, message)
          assert.equal(result.kind, expected[behaviour], JSON.stringify(result))
          assert.equal(submissions().length, behaviour === 'absent' ? 0 : 1, 'submissions on the wire')
          assert.ok(permit.spent)
          keepsSecret(result)
          if (result.kind === 'accepted') assert.equal(result.providerMessageId, acceptedAs)
          if (behaviour === 'refuse') {
            assert.ok(result.kind === 'refused' && result.retryAfterMs === undefined, JSON.stringify(result))
          }
          if (behaviour === 'throttle') {
            assert.ok(result.kind === 'refused' && result.retryAfterMs !== undefined, JSON.stringify(result))
          }
        }),
      )
    }

    test('a permit for another message: throws before any byte, and is not spent', () =>
      withBench('accept', async ({ provider, submissions }) => {
        const permit = permitFor(newMessage())
        await assert.rejects(provider.send(permit, newMessage()), /permit: is for message/)
        assert.equal(permit.spent, false)
        assert.equal(submissions().length, 0)
      }))

    test('a permit makes one submission, also when it is used twice at a time', () =>
      withBench('accept', async ({ provider, submissions }) => {
        const message = newMessage()
        const permit = permitFor(message)
        const ends = await Promise.allSettled([
          provider.send(permit, message),
          provider.send(permit, message),
        ])
        assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
        await assert.rejects(provider.send(permit, message), /permit: was already spent/)
        assert.equal(submissions().length, 1)
      }))

    test('what its class promises is on the wire: the uuid, unless it is blind', () =>
      withBench('accept', async ({ provider, submissions }) => {
        const message = newMessage()
        await provider.send(permitFor(message), message)
        if ((provider.protection?.kind ?? 'none') === 'none') return
        assert.ok(submissions()[0]?.includes(message.messageUuid), submissions()[0])
      }))
  })
}

/** Neither number nor body, in any form, in what is logged and stored as evidence. */
function keepsSecret(result: SendResult): void {
  const text = decodeURIComponent(JSON.stringify(result).replaceAll('%', '%25'))
  assert.ok(!text.includes(RECIPIENT.slice(1)), `the number shows: ${text}`)
  assert.ok(!text.includes('canary'), `the body shows: ${text}`)
}
