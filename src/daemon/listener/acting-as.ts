import type { App } from '../../app/app.ts'

/**
 * The project as somebody uses it who holds a token: switches, pauses and queued calls are kept under that name, as they
 * are under the name of the account that runs a command.
 */
export const actingAs = (app: App, token: string): App => ({
  ...app,
  env: { ...app.env, SUDO_USER: `token ${token}` },
})
