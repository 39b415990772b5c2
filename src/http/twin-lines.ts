/** Hosts a twin that speaks a protocol of its own over TCP. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Twin } from '../core/twin.ts'
import type { FaultBook } from './twin-faults.ts'

export type Lines = { port: number; close(): Promise<void> }

/** Listens on 127.0.0.1 and hands each connection to the twin. Rejects when the port is taken. */
export async function listenForLines(
  { twin, faults }: { twin: Twin; faults: FaultBook },
  port: number,
): Promise<Lines> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined) // a caller that goes away is no fault of the twin
    converse(twin, faults, socket).catch(() => socket.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

async function converse(twin: Twin, faults: FaultBook, socket: Socket): Promise<void> {
  await twin.converse?.({
    socket,
    fault(step, playable) {
      const order = faults.take(step, playable)
      return order && { fault: order.fault, delayMs: order.delay_ms }
    },
  })
}
