import type { CallDetails } from '../app/answers/calls.ts'
import { formatSize } from './output/numbers.ts'
import { formatDuration } from './output/time.ts'

/** One thing that happened to a call. */
export type Moment = {
  /** Since the call began, such as `+1.2 s`. */
  after: string
  /** Empty where it is none's. */
  service: string
  what: string
}

type Request = CallDetails['requests'][number]
type Step = CallDetails['steps'][number]

/** What happened to a call, from its start to its end: its requests, and what was decided between them. */
export function timelineOf(call: CallDetails): Moment[] {
  const startedMs = Date.parse(call.started_at)
  const at = (instant: string, service: string | null, what: string): Moment => ({
    after: `+${formatDuration(Math.max(0, Date.parse(instant) - startedMs))}`,
    service: service ?? '',
    what,
  })
  const services = new Set(call.requests.map(({ service }) => service))
  const moments = [at(call.started_at, null, 'asked')]
  const rest = [...call.steps]
  const tell = (step: Step) => void moments.push(at(step.at, step.service, describeStep(step)))
  for (const request of call.requests) {
    // A step says how many requests had been made by then: instants alone would leave the order open.
    while ((rest[0]?.requests ?? Infinity) < request.number) tell(rest.shift() as Step)
    const service = services.size > 1 || call.steps.length > 0 ? request.service : null
    moments.push(at(request.started_at, service, describeRequest(request)))
  }
  for (const step of rest) tell(step)
  if (call.finished_at) moments.push(at(call.finished_at, null, endWords[call.outcome]))
  return moments
}

function describeRequest(request: Request): string {
  const { number, method, endpoint, status, error } = request
  const sizes = `${formatSize(request.request_bytes)} out, ${formatSize(request.response_bytes)} in`
  const waited = request.wait_ms > 0 ? `waited ${formatDuration(request.wait_ms)}, then ` : ''
  const answer = status === null ? 'no answer' : String(status)
  const end = `${answer} after ${formatDuration(request.duration_ms)}, ${sizes}`
  return [`${number}. ${waited}${method} ${endpoint}: ${end}`, error].filter(Boolean).join('\n')
}

function describeStep({ what, text, ms }: Step): string {
  const waits = ms ? ` (waits ${formatDuration(ms)})` : ''
  return `${stepWords[what] ?? what}: ${text}${waits}`
}

const stepWords: Readonly<Record<string, string>> = {
  retry: 'again',
  failover: 'next service',
  skipped: 'passed over',
  breaker: 'breaker',
  limit: 'limit',
  renewed: 'new token',
  settled: 'asked what became of it',
  queued: 'queued',
  cached: 'from the cache',
}

const endWords: Readonly<Record<CallDetails['outcome'], string>> = {
  done: 'done',
  partial: 'partial: some of it was done',
  failed: 'failed',
  unknown: 'unknown: the vendor may have acted',
  running: 'under way',
  accepted: 'accepted: it waits in the outbox',
}

/** The moments as lines of at most `width` columns; what is longer goes on below its own beginning. */
export function renderTimeline(
  moments: readonly Moment[],
  width: number,
  wrap: (text: string, width: number) => string[],
): string {
  const widest = (name: 'after' | 'service') => Math.max(...moments.map((one) => one[name].length))
  const [after, service] = [widest('after'), widest('service')]
  const indent = after + 2 + (service > 0 ? service + 2 : 0)
  return moments
    .flatMap((moment) => {
      const lead = [
        moment.after.padStart(after),
        ...(service > 0 ? [moment.service.padEnd(service)] : []),
        '',
      ]
      const [first = '', ...rest] = wrap(moment.what, width - indent)
      return [lead.join('  ') + first, ...rest.map((line) => ' '.repeat(indent) + line)]
    })
    .join('\n')
}
