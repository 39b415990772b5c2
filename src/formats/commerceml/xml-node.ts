/** One element of a record that is being read. Its texts are those directly within it. */
export type XmlNode = {
  name: string
  attributes: Record<string, string> | undefined
  text: string
  children: readonly XmlNode[]
}

export const noChildren: readonly XmlNode[] = []

/** The first child of a name. */
export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  if (!node) return undefined
  for (const one of node.children) if (one.name === name) return one
  return undefined
}

export const childrenOf = (node: XmlNode | undefined, name: string): XmlNode[] =>
  node ? node.children.filter((one) => one.name === name) : []

/** The names of a node's children, each once, in their order. */
export function childNames(node: XmlNode): string[] {
  const names: string[] = []
  for (const { name } of node.children) if (!names.includes(name)) names.push(name)
  return names
}

/** The way from a node down to one below it, such as `Цены/Цена[2]/Валюта`; undefined when it is not there. */
export function pathWithin(from: XmlNode, to: XmlNode): string | undefined {
  if (from === to) return ''
  for (const one of from.children) {
    const rest = pathWithin(one, to)
    if (rest !== undefined) return `${step(from, one)}${rest && `/${rest}`}`
  }
  return undefined
}

/** A child's name, with its number among those of the same name when there are several. */
export function step(parent: XmlNode, one: XmlNode): string {
  const same = childrenOf(parent, one.name)
  return same.length > 1 ? `${one.name}[${same.indexOf(one) + 1}]` : one.name
}
