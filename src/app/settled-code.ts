/** Code under which is kept who said what became of a call that was unknown. */
export const settledCode = 'settled'
