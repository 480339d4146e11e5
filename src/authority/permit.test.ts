import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutgoingMessage, Provider } from '../providers/provider.ts'
import { makePermit } from './permit-maker.ts'

test('I1: without a permit of the ledger a provider call does not compile', () => {
  const message: OutgoingMessage = { messageUuid: 'm', recipient: '+12025550100', sender: null, body: 'x' }
  const calls = (provider: Provider) => [
    // @ts-expect-error a send needs a permit
    () => provider.send(message),
    // @ts-expect-error nothing stands for a permit
    () => provider.send(null, message),
    () =>
      provider.send(
        // @ts-expect-error a look-alike is none: the permit has a private part
        { messageUuid: 'm', holder: 'go', attemptToken: 't', spent: false, spend: () => {} },
        message,
      ),
    () => provider.send(makePermit('m', 'go', 't'), message),
  ]
  assert.equal(typeof calls, 'function')
})
