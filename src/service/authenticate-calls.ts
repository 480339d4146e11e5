import { problem, type Server } from '../http/server.ts'
import { answerContent, SIGNATURE_HEADER, signature, signatureFault } from '../http/signature.ts'

/** Lets through only calls that the gateway has signed, and signs every answer, errors included. */
export function authenticateCalls(server: Server, secret: string, now: () => number = Date.now): void {
  const parseJson = server.getDefaultJsonParser('error', 'ignore')
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const fault = signatureFault(secret, request.headers[SIGNATURE_HEADER], now(), String(body))
    if (fault === undefined) void parseJson(request, String(body), done)
    else done(problem(401, 'not_authenticated', `${SIGNATURE_HEADER}: ${fault}`))
  })
  server.addHook('onSend', async (request, reply, payload) => {
    const requested = request.headers[SIGNATURE_HEADER]
    if (typeof requested !== 'string' || typeof payload !== 'string') return
    reply.header(SIGNATURE_HEADER, signature(secret, now(), answerContent(requested, payload)))
  })
}
