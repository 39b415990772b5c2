import { expect, it } from 'vitest'
import { emptyProject } from '../../testing/program.ts'

const complete = async (...words: string[]): Promise<string[]> => {
  const { out } = await emptyProject().run(['__complete', ...words])
  return out
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '')
}

it('completes operations, and the keys of the one that is named but for those given', async () => {
  expect(await complete('call', 'sms')).toEqual(['sms.send', 'sms.status'])
  expect(await complete('call', 'res')).toEqual(['result'])
  expect(await complete('kinds', 'alert.')).toEqual(['alert.notify'])
  expect(await complete('call', 'sms.send', 't')).toEqual(['to=', 'text=', 'template='])
  expect(await complete('call', 'sms.send', 'to=5', 't')).toEqual(['text=', 'template='])
  expect(await complete('call', 'sms.nothing', 't')).toEqual([''])
  expect(await complete('call', 'sms.send', 'to=5', '--dr')).toEqual(['--dry-run'])
})
