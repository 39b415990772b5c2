/** Turns the events of the scanner into records: a small tree for each record, which is then converted and forgotten. */
import { BlockHead } from './block.ts'
import { convert } from './convert.ts'
import { notCommerceml } from './limits.ts'
import type { CommerceLimits } from './limits.ts'
import type { CommerceRecord, FindingCode } from './records.ts'
import {
  directRecords,
  headFields,
  ignoredBlocks,
  listBlocks,
  lists,
  rootName,
} from './structure.ts'
import type { RecordKind } from './structure.ts'
import { toHeader } from './header.ts'
import type { HeaderFacts } from './header.ts'
import type { Reading } from './values.ts'
import { noChildren, pathWithin, step } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'
import type { XmlHandler, XmlScanner } from './xml-scanner.ts'

/** An open element above the records, and how many children of each name it has had. */
type Frame = { name: string; counts: Map<string, number>; kinds?: ReadonlyMap<string, RecordKind> }

export type AssemblerOptions = {
  limits: CommerceLimits
  unescapeTwice: boolean
  facts: HeaderFacts
}

export class Assembler implements XmlHandler {
  /** Completed records, for the reader to take. */
  records: CommerceRecord[] = []
  readonly #options: AssemblerOptions
  readonly #reading: Reading
  #scanner: XmlScanner | undefined
  readonly #frames: Frame[] = []
  #block: BlockHead | undefined
  #containers = 0
  /** Names of open elements that nobody wants. */
  readonly #skipped: string[] = []
  /** The record being read: its root, the way down to the open element, and what it is. */
  #record: XmlNode | undefined
  #kind: RecordKind | 'head' = 'head'
  #node: XmlNode | undefined
  readonly #parents: XmlNode[] = []
  #offset = 0
  #elements = 0
  #chars = 0

  constructor(options: AssemblerOptions) {
    this.#options = options
    this.#reading = {
      unescapeTwice: options.unescapeTwice,
      ids: new Map(),
      told: new Set(),
      note: (code, message, node) => this.#note(code, message, node),
    }
  }

  listenTo(scanner: XmlScanner): void {
    this.#scanner = scanner
  }

  open(name: string, attributes: Record<string, string> | undefined): void {
    if (this.#node) this.#openNode(name, attributes)
    else if (this.#skipped.length > 0) this.#skipped.push(name)
    else this.#walk(name, attributes)
  }

  text(text: string): void {
    const node = this.#node
    if (!node) return
    node.text = node.text === '' ? text : node.text + text
    this.#chars += text.length
    if (this.#chars > this.#options.limits.recordChars) {
      this.#scanner?.refuse(`a record of more than ${this.#options.limits.recordChars} characters`)
    }
  }

  close(): void {
    if (this.#node) {
      this.#node = this.#parents.pop()
      if (!this.#node) this.#finish()
    } else if (this.#skipped.length > 0) {
      this.#skipped.pop()
    } else {
      this.#leave()
    }
  }

  path(): string {
    const steps: string[] = []
    this.#frames.forEach((frame, index) => {
      if (index === 0) return
      steps.push(numbered(this.#frames[index - 1], frame.name))
    })
    const record = this.#record
    if (record) {
      steps.push(numbered(this.#frames.at(-1), record.name))
      const way = [...this.#parents, ...(this.#node ? [this.#node] : [])]
      way.forEach((node, index) => {
        const parent = way[index - 1]
        if (parent) steps.push(step(parent, node))
      })
    }
    return shortened([...steps, ...this.#skipped]).join('/') || (this.#frames[0]?.name ?? '')
  }

  #openNode(name: string, attributes: Record<string, string> | undefined): void {
    const parent = this.#node
    if (!parent) return
    const node: XmlNode = { name, attributes, text: '', children: noChildren }
    if (parent.children === noChildren) parent.children = [node]
    else (parent.children as XmlNode[]).push(node)
    this.#parents.push(parent)
    this.#node = node
    if (++this.#elements > this.#options.limits.recordElements) {
      this.#scanner?.refuse(`a record of more than ${this.#options.limits.recordElements} elements`)
    }
  }

  /** An element above the records. */
  #walk(name: string, attributes: Record<string, string> | undefined): void {
    const frame = this.#frames.at(-1)
    if (!frame) return this.#openRoot(name, attributes)
    frame.counts.set(name, (frame.counts.get(name) ?? 0) + 1)
    if (this.#frames.length === 1) return this.#openBlock(name, attributes)
    const kind = frame.kinds?.get(name)
    if (kind) return this.#begin(kind, name, attributes)
    const isBlock = this.#frames.length === 2
    const kinds = isBlock && listBlocks.has(frame.name) ? lists.get(name) : undefined
    if (kinds) {
      this.#beginBlock()
      this.#enter(name, kinds)
    } else if (isBlock && listBlocks.has(frame.name) && headFields.has(name)) {
      this.#begin('head', name, attributes)
    } else {
      this.#skipped.push(name)
    }
  }

  #openRoot(name: string, attributes: Record<string, string> | undefined): void {
    if (name !== rootName) {
      throw notCommerceml(this.#options.facts.file, this.#scanner?.tagOffset() ?? 0, name)
    }
    this.#enter(name)
    this.records.push(toHeader(attributes ?? {}, this.#options.facts))
  }

  #openBlock(name: string, attributes: Record<string, string> | undefined): void {
    if (name === 'Документ') return this.#begin('document', name, attributes)
    if (name === 'Контейнер') this.#containers++
    const offset = this.#scanner?.tagOffset() ?? 0
    this.#block = new BlockHead(name, attributes, offset)
    this.#enter(name, directRecords.get(name))
    const isKnown = listBlocks.has(name) || directRecords.has(name) || ignoredBlocks.has(name)
    if (!isKnown) {
      const message = `<${name}> is not known; what is in it is not read.`
      this.records.push({ type: 'finding', code: 'block_unknown', message, element: name, offset })
    }
  }

  #enter(name: string, kinds?: ReadonlyMap<string, RecordKind>): void {
    this.#frames.push({ name, counts: new Map(), kinds })
  }

  #leave(): void {
    if (this.#frames.length === 2 && this.#block) {
      this.#beginBlock()
      this.records.push(this.#block.toRecord('end'))
      this.#block = undefined
    }
    this.#frames.pop()
  }

  #beginBlock(): void {
    if (!this.#block || this.#block.hasBegun) return
    this.#block.hasBegun = true
    this.records.push(this.#block.toRecord('begin'))
  }

  #begin(kind: RecordKind | 'head', name: string, attributes?: Record<string, string>): void {
    if (kind !== 'head') this.#beginBlock()
    this.#kind = kind
    this.#record = this.#node = { name, attributes, text: '', children: noChildren }
    this.#offset = this.#scanner?.tagOffset() ?? 0
    this.#elements = 1
    this.#chars = 0
  }

  #finish(): void {
    const node = this.#record
    if (!node) return
    if (this.#kind === 'head') {
      this.#block?.take(node, this.#reading)
    } else {
      const container = this.#block?.name === 'Контейнер' ? this.#containers : undefined
      const place = { offset: this.#offset, blockName: this.#block?.name, container }
      convert(this.#kind, node, this.#reading, place, this.records)
    }
    this.#record = undefined
  }

  #note(code: FindingCode, message: string, node: XmlNode): void {
    const within = this.#record && pathWithin(this.#record, node)
    const element = within ? `${this.path()}/${within}` : this.path()
    const id = this.#record?.children.find((one) => one.name === 'Ид')?.text.trim() || undefined
    this.records.push({ type: 'finding', code, message, element, id, offset: this.#offset })
  }
}

/** Hostile files are deep: the ends of the way are enough. */
const shortened = (steps: string[]): string[] =>
  steps.length > 20 ? [...steps.slice(0, 10), '…', ...steps.slice(-5)] : steps

function numbered(parent: Frame | undefined, name: string): string {
  const count = parent?.counts.get(name) ?? 1
  const isRepeatable = parent?.kinds?.has(name) || name === 'Документ' || count > 1
  return isRepeatable ? `${name}[${count}]` : name
}
