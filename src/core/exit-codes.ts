/** What a caller of the program reads from its exit code. The table in the README is made from this list. */
export const exitCodes = {
  done: { code: 0, meaning: 'done, nothing failed' },
  failed: { code: 1, meaning: 'failed, none of the below' },
  usage: { code: 2, meaning: 'wrong usage' },
  partial: { code: 3, meaning: 'partial: some saved, some failed' },
  credentials: { code: 4, meaning: 'credentials missing or refused' },
  temporary: { code: 5, meaning: 'temporary: vendor down, limited, or breaker open' },
  unsettled: { code: 6, meaning: 'accepted for later, or outcome unknown' },
  guarded: { code: 7, meaning: 'stopped by a guard, or consent missing' },
  pending: { code: 8, meaning: 'still pending' },
  config: { code: 9, meaning: 'configuration invalid' },
  notFound: { code: 10, meaning: 'named thing not found' },
  locked: { code: 11, meaning: 'locked by another process' },
  secrets: { code: 12, meaning: 'secrets cannot be decrypted' },
  deadline: { code: 13, meaning: 'deadline reached' },
  finding: { code: 14, meaning: 'finding (doctor, config diff, daemon --check)' },
  interrupted: { code: 130, meaning: 'interrupted (SIGINT)' },
  terminated: { code: 143, meaning: 'terminated (SIGTERM)' },
} as const

export type Exit = keyof typeof exitCodes
