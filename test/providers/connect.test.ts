// A connection that is never made: nothing was sent, and that is known before the deadline.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { newMessage, permitFor } from './contract.ts'
import { httpSubjects } from './http-subjects.ts'

test('an address that never answers the connect: not sent', { timeout: 30_000 }, async () => {
  // A process that listens with the shortest queue and is stopped: the kernel's queue fills and stays full.
  const program =
    'const s=require("net").createServer();s.listen({port:0,host:"127.0.0.1",backlog:1},()=>console.log(s.address().port))'
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
  )
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  try {
    for (let isFull = false; !isFull && sockets.length < 16;) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      sockets.push(socket)
      isFull = !(await connectsSoon(socket))
    }
    const subject = httpSubjects.find(({ name }) => name === 'twilio') ?? assert.fail()
    const provider = subject.open(`http://127.0.0.1:${port}`, 1_000)
    const message = newMessage()
    const result = await provider.send(permitFor(message), message)
    assert.equal(result.kind, 'not_sent', JSON.stringify(result))
    await provider.close()
  } finally {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
  }
})

function connectsSoon(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 500)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
