/** What an adapter accepts and finds odd is told wherever a config is looked at, and stops nothing. */
import { expect, it } from 'vitest'
import { servedProject } from '../../testing/served-project.ts'

const remark = 'is on: no message goes out'

it('check, doctor and edit tell what is odd about a config, and go on', async () => {
  const { run, json } = await servedProject({ 'sms-main': 'sms-ru' })
  const before = await run('config check')

  const edited = await run('edit sms-main --test')
  const after = await run('config check')
  const { remarks } = await json<{ remarks: object[] }>('config check')
  const doctor = await run('doctor --json')

  expect(before.out).not.toContain('remarks')
  expect(edited).toMatchObject({ code: 0 })
  expect(edited.err).toContain(`! test: ${remark}`)
  expect(after.code).toBe(0)
  expect(after.out).toMatch(
    /remarks +integrations\.yaml:\d+:\d+ +services\.sms-main\.config\.test: is on/,
  )
  expect(remarks).toMatchObject([{ path: 'services.sms-main.config.test', hint: null }])
  const { findings } = JSON.parse(doctor.out) as { findings: { severity: string; what: string }[] }
  expect(findings.filter(({ what }) => what.includes(remark))).toMatchObject([{ severity: 'note' }])
})

it('add tells it before it asks the vendor, and adds the service', async () => {
  const { run, write, twins } = await servedProject({ 'sms-main': 'sms-ru' })
  write('answers.json', JSON.stringify({ ...twins['sms-main']?.config, test: true }))

  const { code, err } = await run('add sms-ru trial --answers answers.json')

  expect(code).toBe(0)
  expect(err).toContain(`! test: ${remark}`)
})
