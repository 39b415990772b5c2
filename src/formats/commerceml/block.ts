import { toParty } from './convert-parts.ts'
import type { CommerceBlock } from './records.ts'
import { idOf, readBoolean, textOf } from './values.ts'
import type { Reading } from './values.ts'
import type { XmlNode } from './xml-node.ts'

/** What a child of the root has said about itself so far. */
export class BlockHead {
  readonly name: string
  hasBegun = false
  readonly #block: Omit<CommerceBlock, 'phase'>

  constructor(name: string, attributes: Record<string, string> | undefined, offset: number) {
    this.name = name
    const changesOnlyRaw = attributes?.['СодержитТолькоИзменения']
    // A wrong "false" deletes a catalogue, so whatever does not clearly say it is taken as changes.
    const changesOnly = readBoolean(changesOnlyRaw ?? 'true') ?? true
    this.#block = { type: 'block', name, changesOnly, changesOnlyRaw, offset }
  }

  /** Takes one of the head fields. */
  take(node: XmlNode, reading: Reading): void {
    const block = this.#block
    if (node.name === 'Ид') block.id = idOf(node, reading)
    if (node.name === 'Наименование') block.title = textOf(node, reading)
    if (node.name === 'Описание') block.description = textOf(node, reading)
    if (node.name === 'ИдКаталога') block.catalogueId = idOf(node, reading)
    if (node.name === 'ИдКлассификатора') block.classifierId = idOf(node, reading)
    if (node.name === 'Владелец') {
      const { id, name } = toParty(node, reading)
      block.owner = { id, name }
    }
  }

  toRecord(phase: CommerceBlock['phase']): CommerceBlock {
    const block = this.#block
    return {
      ...block,
      phase,
      catalogueId: block.name === 'Каталог' ? (block.id ?? block.catalogueId) : block.catalogueId,
      classifierId:
        block.name === 'Классификатор' ? (block.id ?? block.classifierId) : block.classifierId,
    }
  }
}
