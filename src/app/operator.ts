import { userInfo } from 'node:os'

/** Who is at the keyboard, also behind sudo: the name under which switches and config versions are kept. */
export function operatorName(env: Readonly<Record<string, string | undefined>>): string {
  const name = env.SUDO_USER || env.USER || accountName()
  // It is shown in tables and kept for years; a variable may hold anything.
  return name.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 64)
}

/** In a container the user may have no name. */
function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
