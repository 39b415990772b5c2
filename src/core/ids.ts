import { monotonicFactory } from 'ulid'

/** A new id that sorts by time: 26 characters, lower-case letters and digits would not sort, so upper case (ULID). */
export const newId: () => string = monotonicFactory()
