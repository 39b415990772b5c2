import { toCharacteristics, toPropertyValues, toRequisites, toUnitUse } from './convert-parts.ts'
import type { CommerceItem } from './records.ts'
import { booleanOf, decimalOf, noteOnce, ownIdOf, readBoolean, shown, textOf } from './values.ts'
import type { Reading } from './values.ts'
import type { XmlNode } from './xml-node.ts'

/** An item without values yet; its shape is complete from the start, which keeps the many copies of it alike. */
export const emptyItem = (): CommerceItem => ({
  id: undefined,
  productId: undefined,
  characteristicId: undefined,
  name: undefined,
  fullName: undefined,
  barcode: undefined,
  article: undefined,
  code: undefined,
  version: undefined,
  statusRaw: undefined,
  status: undefined,
  isDeleted: false,
  unit: undefined,
  propertyValues: [],
  characteristics: [],
  requisites: [],
  weight: undefined,
  netWeight: undefined,
  width: undefined,
  length: undefined,
  height: undefined,
  has: [],
})

/** Takes a child that products, offers and lines have in common; whatever else it is goes by. */
export function takeItemField(item: CommerceItem, node: XmlNode, reading: Reading): void {
  if (!item.has.includes(node.name)) item.has.push(node.name)
  switch (node.name) {
    case 'Ид':
      takeId(item, node)
      break
    case 'Наименование':
      item.name = textOf(node, reading)
      break
    case 'ПолноеНаименование':
      item.fullName = textOf(node, reading)
      break
    case 'Штрихкод':
      item.barcode = textOf(node, reading)
      break
    case 'Артикул':
      item.article = textOf(node, reading)
      break
    case 'Код':
      item.code = textOf(node, reading)
      break
    case 'НомерВерсии':
      item.version = textOf(node, reading)
      break
    case 'ПометкаУдаления':
      if (booleanOf(node, reading)) item.isDeleted = true
      break
    case 'БазоваяЕдиница':
      item.unit = toUnitUse(node, reading)
      break
    case 'ЗначенияСвойств':
      item.propertyValues = join(item.propertyValues, toPropertyValues(node, reading))
      break
    case 'ХарактеристикиТовара':
      item.characteristics = join(item.characteristics, toCharacteristics(node, reading))
      break
    case 'ЗначенияРеквизитов':
      item.requisites = join(item.requisites, toRequisites(node, reading))
      break
    case 'Вес':
      item.weight = sizeOf(node, reading)
      break
    case 'ВесНетто':
      item.netWeight = sizeOf(node, reading)
      break
    case 'Ширина':
      item.width = sizeOf(node, reading)
      break
    case 'Длина':
      item.length = sizeOf(node, reading)
      break
    case 'Высота':
      item.height = sizeOf(node, reading)
      break
  }
}

const join = <T>(before: T[], more: T[]): T[] => (before.length === 0 ? more : [...before, ...more])

function takeId(item: CommerceItem, node: XmlNode): void {
  const id = ownIdOf(node)
  item.id = id
  const mark = id?.indexOf('#') ?? -1
  item.productId = mark < 0 ? id : id?.slice(0, mark) || undefined
  item.characteristicId = mark < 0 ? undefined : id?.slice(mark + 1) || undefined
}

/** Zero is how 1C writes a weight or a size that nobody filled in. */
function sizeOf(node: XmlNode, reading: Reading): string | undefined {
  const size = decimalOf(node, reading)
  return size === '0' ? undefined : size
}

const statuses: Record<string, CommerceItem['status']> = {
  новый: 'new',
  изменен: 'changed',
  удален: 'deleted',
}

/** Takes the attribute Статус. */
export function takeStatus(item: CommerceItem, node: XmlNode, reading: Reading): void {
  const raw = node.attributes?.['Статус']?.trim()
  if (!raw) return
  item.statusRaw = raw
  item.status = statuses[raw.toLowerCase().replaceAll('ё', 'е')]
  if (item.status === 'deleted') item.isDeleted = true
  if (item.status === undefined) {
    noteOnce(
      'status_unknown',
      `The status "${shown(raw)}" is not known; it is ignored.`,
      node,
      reading,
    )
  }
}

/** The first value of a requisite as true or false; undefined when there is none. */
export const requisiteFlag = (values: readonly string[] | undefined): boolean | undefined =>
  values?.[0] === undefined ? undefined : readBoolean(values[0])

/** An item that cannot be told from others. */
export function noteMissingId(item: CommerceItem, node: XmlNode, reading: Reading): void {
  if (item.id !== undefined) return
  reading.note(
    'id_missing',
    `<${node.name}> has no Ид${item.name ? `: "${shown(item.name)}"` : ''}.`,
    node,
  )
}
