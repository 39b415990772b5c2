/** User and password as `Authorization: Basic` carries them. RFC 7617 */
export const basicPair = (user: string, password: string): string =>
  Buffer.from(`${user}:${password}`).toString('base64')
