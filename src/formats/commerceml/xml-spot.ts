import { localName } from './xml-attributes.ts'

/**
 * An element at its place: the same way down from the root is the same object. It knows which child came first the last
 * time, and which sibling came behind it, so that the next name need only be compared and not cut out and looked up.
 */
export type Spot = {
  raw: string
  local: string
  children: Map<string, Spot>
  first: Spot
  next: Spot
}

export function makeSpot(slice: string): Spot {
  // A name used as a property is one string for the whole program, and comparing it with another is comparing pointers.
  const raw = Object.keys({ [slice]: 0 })[0] ?? slice
  const local = Object.keys({ [localName(raw)]: 0 })[0] ?? raw
  const spot: Partial<Spot> = { raw, local, children: new Map() }
  spot.first = spot as Spot
  spot.next = spot as Spot
  return spot as Spot
}
