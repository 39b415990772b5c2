import { hasText } from '../xml-writer.ts'
import type { ExportGroup } from './write-model.ts'
import { commentMax } from './write-party.ts'
import type { Scribe } from './write-scribe.ts'

/** Readers limit how deep an XML file may nest, and a group takes two levels. Five were seen in the field. */
const depthMax = 24

/** Группы as a tree, brothers in the order given. Returns how many were written. */
export function writeGroups(scribe: Scribe, groups: readonly ExportGroup[] = []): number {
  const { roots, children } = plant(scribe, groups)
  let count = 0

  function writeLevel(level: readonly ExportGroup[], depth: number): void {
    scribe.within('Группы', () => {
      // Groups that would come too deep stand beside their parent; the list grows while it is walked.
      const queue = [...level]
      for (let group = queue.shift(); group; group = queue.shift()) {
        const inner = children.get(group.id) ?? []
        const isTooDeep = depth >= depthMax && inner.length > 0
        count += 1
        writeGroup(scribe, group, isTooDeep ? undefined : () => writeLevel(inner, depth + 1))
        if (isTooDeep) {
          reportMove(scribe, group, `its groups stand beside it: ${depthMax} levels may be`)
          queue.unshift(...inner)
        }
      }
    })
  }

  writeLevel(roots, 1)
  return count
}

function writeGroup(scribe: Scribe, group: ExportGroup, writeInner?: () => void): void {
  scribe.about('group', group.id)
  scribe.within('Группа', () => {
    scribe.id('Ид', group.id)
    writeMarks(scribe, group)
    scribe.title('Наименование', group.name, group.id)
    scribe.text('Описание', group.description, commentMax)
    writeInner?.()
  })
}

/** НомерВерсии and ПометкаУдаления of 3.1. What 2.07 cannot say is reported. */
export function writeMarks(scribe: Scribe, marks: { isDeleted?: boolean; version?: string }): void {
  if (!scribe.isStrict) {
    scribe.text('НомерВерсии', marks.version, Infinity)
    scribe.flag('ПометкаУдаления', marks.isDeleted ?? false)
  } else if (marks.isDeleted) {
    scribe.report(
      'deletion_unsaid',
      'ПометкаУдаления',
      'it is marked as deleted, which 2.07 cannot say',
    )
  }
}

/** Who stands below whom. Repeated ids, unknown parents and circles end in a plain tree and a finding. */
function plant(scribe: Scribe, groups: readonly ExportGroup[]) {
  const known = new Map<string, ExportGroup>()
  for (const group of groups) {
    if (hasText(group.id) && !known.has(group.id)) known.set(group.id, group)
    else reportLost(scribe, group)
  }
  const roots: ExportGroup[] = []
  const children = new Map<string, ExportGroup[]>()
  const safe = new Set<string>()
  for (const group of known.values()) {
    const parent = group.parentId === undefined ? undefined : known.get(group.parentId)
    if (parent && !isCircle(group, known, safe)) {
      const brothers = children.get(parent.id)
      if (brothers) brothers.push(group)
      else children.set(parent.id, [group])
      continue
    }
    if (group.parentId !== undefined) {
      const why = parent ? 'it would stand below itself' : `there is no group ${group.parentId}`
      reportMove(scribe, group, `it stands at the top: ${why}`)
    }
    roots.push(group)
    // Whoever leads back to this group is cut loose here and needs no cut of its own.
    safe.add(group.id)
  }
  return { roots, children }
}

/** Whether the parents of a group lead back to it. `safe` collects those that are known to end at the top. */
function isCircle(
  group: ExportGroup,
  known: ReadonlyMap<string, ExportGroup>,
  safe: Set<string>,
): boolean {
  const path = new Set<string>()
  for (let at: ExportGroup | undefined = group; at && !safe.has(at.id);) {
    if (path.has(at.id)) return at.id === group.id
    path.add(at.id)
    at = at.parentId === undefined ? undefined : known.get(at.parentId)
  }
  for (const id of path) safe.add(id)
  return false
}

function reportLost(scribe: Scribe, group: ExportGroup): void {
  scribe.about('group', group.id)
  const why = !hasText(group.id) ? 'it has no id' : 'the id comes twice, the first counts'
  scribe.report('record_left_out', 'Группа', `left out: ${why}`)
}

function reportMove(scribe: Scribe, group: ExportGroup, message: string): void {
  scribe.about('group', group.id)
  scribe.report('group_moved', 'Группа', message)
}
