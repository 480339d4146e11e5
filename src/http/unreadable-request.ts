import type { Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE } from '../contract/problem.ts'

/** Answers bytes that are no HTTP request with a problem document, where no reply object exists yet. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = 'malformed_request'
  const body = JSON.stringify({
    type: `urn:baton:problem:${code}`,
    title: 'Invalid request',
    status: 400,
    code,
    detail: `cannot read the request: ${error.code ?? error.message}`,
  })
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`)
}
