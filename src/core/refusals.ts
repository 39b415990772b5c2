/** What the listener refuses before any use case is asked. The codes are stable, as those of errors.ts are. */
export const refusals = {
  bad_request: {
    status: 400,
    meaning: 'the request cannot be read, has no Host header, or its body is no JSON',
    next: 'Mend the client: a request is HTTP/1.1 with a Host header, and its body is one JSON object.',
  },
  token_missing: {
    status: 401,
    meaning: 'there is no bearer token',
    next: 'Send the header "Authorization: Bearer <token>"; make a token with "caravan token create".',
  },
  token_refused: {
    status: 401,
    meaning: 'the token is mistyped, unknown, expired or revoked',
    next: 'Look at the tokens with "caravan token list", and make a new one with "caravan token create".',
  },
  scope_missing: {
    status: 403,
    meaning: 'the token has not the scope that is needed',
    next: 'Make a token with that scope with "caravan token create" and --scope.',
  },
  not_found: {
    status: 404,
    meaning: 'there is nothing at this address, or not for this method',
    next: 'Take address and method from GET /openapi.json or docs/api.md.',
  },
  request_timeout: {
    status: 408,
    meaning: 'the request did not arrive in time',
    next: 'Send headers within 10 s and all of the request within 30 s.',
  },
  body_too_large: {
    status: 413,
    meaning: 'the body is over 1 MB',
    next: 'Send less at once.',
  },
  type_unsupported: {
    status: 415,
    meaning: 'the body is not application/json',
    next: 'Send the header "Content-Type: application/json".',
  },
  host_unknown: {
    status: 421,
    meaning: 'the Host header does not name this machine',
    next: 'Call a listener on loopback as localhost; behind a reverse proxy name its address under "trusted_proxies" in integrations.yaml.',
  },
  too_many_requests: {
    status: 429,
    meaning: 'there were too many requests',
    next: 'Wait as long as Retry-After says, and ask less often.',
  },
  headers_too_large: {
    status: 431,
    meaning: 'the headers are over 16 KB',
    next: 'Send fewer or shorter headers, such as cookies of other programs.',
  },
  stopping: {
    status: 503,
    meaning: 'the daemon is stopping',
    next: 'Ask again in a few seconds; "caravan status" says whether a daemon runs.',
  },
} as const

export type RefusalCode = keyof typeof refusals
