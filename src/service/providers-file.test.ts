// The providers file: every problem with its path, all at once, and never a secret.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { ProviderEvents } from './providers.ts'
import { parseProviders, readProviders, type ParsedProviders } from './providers-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'baton-providers-'))
after(() => rmSync(folder, { recursive: true }))

const twilio = {
  name: 'main',
  kind: 'twilio',
  options: { accountSid: 'env:TWILIO_SID', authToken: 'env:TWILIO_TOKEN' },
}
const sandbox = (name: string, more: object = {}) => ({
  name,
  kind: 'sandbox',
  options: { url: 'http://127.0.0.1:1' },
  ...more,
})
const aws = {
  name: 'aws',
  kind: 'aws',
  options: {
    region: 'eu-west-1',
    accessKeyId: 'env:AWS_KEY',
    secretAccessKey: 'env:AWS_SECRET',
    messageType: 'TRANSACTIONAL',
    configurationSetName: 'events',
    topicArn: 'arn:aws:sns:eu-west-1:111122223333:sms-events',
  },
}
const environment = {
  TWILIO_SID: 'AC1',
  TWILIO_TOKEN: 'canary-token',
  AWS_KEY: 'AKIDEXAMPLE',
  AWS_SECRET: 'canary-secret',
  EMPTY: '',
}

function problemsOf(parsed: ParsedProviders): readonly string[] {
  const problems = 'problems' in parsed ? parsed.problems : assert.fail('it has no problem')
  for (const problem of problems) assert.match(problem, /^providers file: /)
  assert.doesNotMatch(problems.join('\n'), /canary/)
  return problems.map((problem) => problem.replace('providers file: ', ''))
}
const problems = (content: unknown) => problemsOf(parseProviders(content, environment))
/** Whether one of them is about this path. */
const names = (found: readonly string[], path: string) =>
  found.some((problem) => problem.startsWith(`${path}: `))

describe('providers file', () => {
  test('one that is well opens every provider under its own name, with its routes and paces', async () => {
    const parsed = parseProviders(
      {
        providers: [
          { ...twilio, countries: ['GB'], tenants: ['demo'], weight: 2, cost: 0, per_second: 10 },
          aws,
          sandbox('spare', { in_flight_max: 3 }),
        ],
        senders: { Baton: { per_second: 5 } },
      },
      environment,
    )
    assert.ok('open' in parsed, JSON.stringify(parsed))
    const events: ProviderEvents = {
      onReceipt: () => () => Promise.resolve(),
      onText: () => () => Promise.resolve(),
      onProblem: () => () => {},
    }
    const { list, senderPaces } = parsed.open({
      timeoutMs: 100,
      inFlightMax: 7,
      publicUrl: 'https://a.example',
    })(events)
    assert.deepEqual(
      list.map(({ provider, rule, inFlightMax }) => [provider.name, rule.name, inFlightMax]),
      [
        ['main', 'main', 7],
        ['aws', 'aws', 7],
        ['spare', 'spare', 3],
      ],
    )
    assert.deepEqual(
      list.map(({ provider }) => [provider.protection.kind, provider.receipts.kind]),
      [
        ['callbackCorrelates', 'webhook'],
        ['callbackCorrelates', 'webhook'],
        ['none', 'none'],
      ],
    )
    assert.deepEqual(list[0]?.rule, {
      name: 'main',
      countries: ['GB'],
      tenants: ['demo'],
      weight: 2,
      cost: 0,
    })
    assert.deepEqual(senderPaces, { Baton: 5 })
    await Promise.all(list.map(({ provider }) => provider.close()))
  })

  test('every problem of its shape is named with its path, all at once', () => {
    const found = problems({
      providers: [
        { ...sandbox('Upper'), weight: -1, per_second: 0 },
        { ...sandbox('b'), kind: 'pigeon', countries: ['gb'], in_flight_max: 1.5 },
        { name: 'c', kind: 'sandbox' },
        { ...sandbox('d'), colour: 'red' },
      ],
      senders: { '': { per_second: 1 }, Baton: { per_second: 'fast' } },
      surprise: true,
    })
    for (const path of [
      '/providers/0/name',
      '/providers/0/weight',
      '/providers/0/per_second',
      '/providers/1/kind',
      '/providers/1/countries/0',
      '/providers/1/in_flight_max',
      '/providers/2',
      '/providers/3',
      '/senders/Baton/per_second',
      '/',
    ]) {
      assert.ok(names(found, path), `${path} in:\n${found.join('\n')}`)
    }
  })

  test('every problem of the options is named with its provider and path, beside names that stand twice', () => {
    const found = problems({
      providers: [
        { ...twilio, options: { accountSid: 7, extra: 1 } },
        sandbox('twice'),
        sandbox('twice', { options: { url: 'ftp://x' } }),
        {
          name: 'hook',
          kind: 'infobip',
          options: { origin: 'https://a.example', apiKey: 'k', receiptSecret: {} },
        },
        { ...aws, options: { ...aws.options, topicArn: 'arn:aws:sqs:eu-west-1:1:x', region: 'Europe' } },
      ],
    })
    for (const path of [
      'main: options/accountSid',
      'main: options',
      'twice',
      'twice: options/url',
      'hook: options/receiptSecret',
      'aws: options/topicArn',
      'aws: options/region',
    ]) {
      assert.ok(names(found, path), `${path} in:\n${found.join('\n')}`)
    }
    assert.ok(found.some((problem) => problem.startsWith('main: options: ') && problem.includes('authToken')))
  })

  test('variables that are not set are named, once each and with everything else; a set one may be empty', () => {
    const found = problems({
      providers: [
        { ...twilio, options: { accountSid: 'env:NOBODY', authToken: 'env:NOBODY_EITHER' } },
        { ...twilio, name: 'second', weight: 'heavy', options: { accountSid: 'env:EMPTY', authToken: 'x' } },
      ],
    })
    assert.ok(names(found, 'env:NOBODY') && names(found, 'env:NOBODY_EITHER'), found.join('\n'))
    assert.ok(names(found, '/providers/1/weight'), found.join('\n'))
    assert.ok(!found.some((problem) => problem.includes('EMPTY')))
    assert.ok(names(found, 'main: options/accountSid'), 'what is not set is empty, and told beside the rest')
    const [empty, ...more] = problems({
      providers: [{ ...twilio, options: { accountSid: 'env:EMPTY', authToken: 'x' } }],
    })
    assert.deepEqual([empty?.startsWith('main: options/accountSid: '), more], [true, []])
    const fromPrototype = problems({
      providers: [{ ...twilio, options: { accountSid: 'env:constructor', authToken: 'x' } }],
    })
    assert.ok(names(fromPrototype, 'env:constructor'), fromPrototype.join('\n'))
  })

  test('what is no file of providers at all', () => {
    for (const content of [null, [], 'text', {}, { providers: [] }, { providers: {} }]) {
      assert.ok(problems(content).length > 0, JSON.stringify(content))
    }
    const many = Array.from({ length: 65 }, (_, index) => sandbox(`p${index}`))
    assert.ok(names(problems({ providers: many }), '/providers'))
  })

  test('a file that is not there, or is no JSON, is a problem and no exception; nothing of it is repeated', () => {
    const absent = readProviders(join(folder, 'absent.json'), environment)
    assert.match(problemsOf(absent)[0] ?? '', /^cannot be read: ENOENT: .*absent\.json$/)
    const path = join(folder, 'broken.json')
    writeFileSync(path, '{"providers": [{"authToken": "canary-token"')
    assert.match(problemsOf(readProviders(path, environment))[0] ?? '', /^cannot be read: /)
    writeFileSync(path, 'canary-token')
    assert.match(problemsOf(readProviders(path, environment))[0] ?? '', /^cannot be read: /)
  })
})
