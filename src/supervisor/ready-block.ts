import type { Programs } from './programs.ts'

export interface ReadyFacts {
  readonly urls: Programs['urls']
  readonly envFile: string
  /** How the CLI is called from where the user is. */
  readonly cli: string
  readonly database: string
  readonly seconds: number
}

/** What a newcomer reads when everything is healthy. */
export function readyBlock({ urls, envFile, cli, database, seconds }: ReadyFacts): string {
  return `
  Baton is ready, after ${seconds.toFixed(1)} s.

    Gateway            ${urls.BATON_GATEWAY_URL}
    Messaging service  ${urls.BATON_SERVICE_URL}
    Phone page         ${urls.BATON_SANDBOX_URL}/   what the carrier delivered, as on a phone
    Faults             ${urls.BATON_FAULTS_URL}/faults
    Database           ${database}

  Try first, in another terminal:

    ${cli} send --to +12025550100 --body "Hello from Baton"
    ${cli} mode set SHADOW --reason "first look"
    ${cli} status

  URLs and keys are in ${envFile}. Ctrl-C stops everything in order.
`
}
