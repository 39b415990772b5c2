import type { TestResult } from '../../app/test/index.ts'
import { cleanXmlText, createXmlWriter, type XmlWriter } from '../../formats/xml-writer.ts'

/**
 * One suite with a case for each service, as CI servers read it. The type of a failure is its cause. Schema:
 * https://github.com/testmoapp/junitxml
 */
export function toJunit(results: readonly TestResult[]): string {
  const xml = createXmlWriter({ bom: false })
  const countOf = (wanted: TestResult['result']) =>
    String(results.filter(({ result }) => result === wanted).length)
  xml.begin('testsuite', {
    name: 'caravan test',
    tests: String(results.length),
    failures: countOf('failed'),
    errors: '0',
    skipped: countOf('skipped'),
    time: seconds(results.reduce((sum, { duration_ms }) => sum + duration_ms, 0)),
  })
  xml.force()
  for (const result of results) writeCase(xml, result)
  xml.end()
  return xml.take()
}

function writeCase(xml: XmlWriter, result: TestResult): void {
  const { service, adapter, duration_ms, cause, detail } = result
  xml.begin('testcase', {
    name: cleanXmlText(service),
    classname: cleanXmlText(`caravan.${adapter || 'unknown'}`),
    time: seconds(duration_ms),
  })
  xml.force()
  const message = cleanXmlText(detail.split('\n', 1)[0] ?? '')
  if (result.result === 'failed') {
    xml.leaf('failure', cleanXmlText(textOf(result)), { type: cause ?? 'internal', message })
  }
  if (result.result === 'skipped') xml.leaf('skipped', '', { message })
  xml.leaf('system-out', cleanXmlText(ladderText(result)))
  xml.end()
}

/** The whole message, what to do, and where to look. */
function textOf({ detail, next, call }: TestResult): string {
  return [detail, next, call && `caravan logs show ${call}`].filter(Boolean).join('\n')
}

function ladderText({ rungs, warnings, disabled }: TestResult): string {
  const climbed = rungs
    .filter(({ status }) => status !== 'not_reached')
    .map(({ rung, status, saw }) => `${rung}: ${status}, ${saw}`)
  const notes = [...warnings, ...(disabled === null ? [] : [disabled])]
  return [...climbed, ...notes.map((note) => `! ${note}`)].join('\n')
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)
