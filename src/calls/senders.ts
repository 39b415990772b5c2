/**
 * Ids of the calls that this process is sending. A row that names this process and is not among them belongs to a call
 * that is over, whose end could not be written down.
 */
export const senders = new Set<string>()
