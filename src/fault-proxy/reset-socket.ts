import type { Socket } from 'node:net'

/** Resets (RST) a connection; one that is just sending its last bytes can only be closed. */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}
