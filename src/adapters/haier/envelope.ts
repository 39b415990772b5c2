/** `{ success, code, message | msg, data }` as both systems wrap their answers. Section 2. */
export type Envelope = { isFailure: boolean; code?: string; message?: string; data: unknown }

/** "`code` may be a number (200) or a string". */
const goodCodes = ['200', 'success', '0']

/** Reads the wrapping of an answer; undefined when it is a bare payload. */
export function readEnvelope(json: unknown): Envelope | undefined {
  if (!isObject(json)) return undefined
  const { success } = json
  const code = asText(json.code)
  const isWrapped =
    success !== undefined ||
    (code !== undefined && ('data' in json || 'message' in json || 'msg' in json))
  if (!isWrapped) return undefined
  const isFailure =
    success === undefined || success === null
      ? code !== undefined && !goodCodes.includes(code.toLowerCase())
      : String(success).toLowerCase() !== 'true'
  return { isFailure, code, message: messageIn(json), data: json.data }
}

/** What the vendor says in words, wherever it says it. */
export function messageIn(json: unknown): string | undefined {
  if (!isObject(json)) return undefined
  return (
    asText(json.message) ?? asText(json.msg) ?? asText(json.error_description) ?? asText(json.error)
  )
}

/** The payload of an answer, wrapped or bare. Failures have been thrown before; null stays null. */
export function unwrap(json: unknown): unknown {
  const envelope = readEnvelope(json)
  return envelope ? envelope.data : json
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function asText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
