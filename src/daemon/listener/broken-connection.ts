import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { messageOf } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import { hideTokens } from '../../app/token-text.ts'
import { bodyOf } from './faults.ts'

/** What never became a request: broken, too large or too slow headers. */
export function refuseConnection(log: Log, error: Error, socket: Socket): void {
  const { code } = error as { code?: string }
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, name, message] = connectionFault(code)
  const correlation = newId()
  log.warn(`a request was refused: ${status}`, {
    status,
    code: name,
    correlation,
    from: socket.remoteAddress,
    why: hideTokens(messageOf(error)).slice(0, 200),
  })
  const body = JSON.stringify(bodyOf({ code: name, message }))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Correlation-Id: ${correlation}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function connectionFault(code: string | undefined) {
  if (code === 'HPE_HEADER_OVERFLOW')
    return [431, 'headers_too_large', 'the headers of the request are too large'] as const
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'request_timeout', 'the request did not arrive in time'] as const
  return [400, 'bad_request', 'the request cannot be read'] as const
}
