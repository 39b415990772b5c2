import type { ExpiryFacts } from '../facts.ts'
import { formatSpan, instantText, spanText } from '../words.ts'
import type { Finding, Rule } from './rule.ts'

const urgentMs = 3 * 86_400_000

export const expiring: Rule = {
  id: 'expiring',
  title: 'A token, certificate or password is about to end',
  severity: 'medium',
  when: ({ expires_within: within }) =>
    `it ends within ${formatSpan(within)}; high when within ${formatSpan(urgentMs)}`,
  find: ({ expiries, now, settings }) =>
    expiries
      .filter(({ at }) => Date.parse(at) - now.getTime() < settings.expires_within)
      .map((expiry) => findingOf(expiry, Date.parse(expiry.at) - now.getTime())),
}

function findingOf({ what, name, at, users }: ExpiryFacts, leftMs: number): Finding {
  const of = users.length > 0 ? ` of ${users.join(', ')}` : ''
  const named = `${what} ${name}`
  return {
    subject: `${what}:${name}`,
    ...(leftMs < urgentMs && { severity: 'high' as const }),
    title:
      leftMs <= 0 ? `The ${named}${of} has ended` : `The ${named}${of} ends in ${spanText(leftMs)}`,
    detail: `It ends at ${instantText(at)}; requests that need it are refused from then on.`,
    todo:
      what === 'secret'
        ? `caravan secret set ${name}`
        : `Hand out a new one ("caravan token create"), then end this one: "caravan token revoke ${name}".`,
  }
}
