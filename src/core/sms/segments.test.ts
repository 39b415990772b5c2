import { expect, it } from 'vitest'
import { vectors } from '../../testing/vectors.ts'
import { countMainland, countSegments } from './segments.ts'

it('counts an emoji of the mainland once', () => {
  expect(countMainland('A', '😀')).toEqual({ fullText: '【A】😀', characters: 4, segments: 1 })
})

type Gsm = { profile: 'gsm'; text: string; smartEncoding: boolean }
type Mainland = { profile: 'cn-mainland'; signName: string; body: string }

it.each(vectors<Gsm | Mainland>('messaging/sms-segments'))(
  '$id: $description',
  ({ input, expect: wanted }) => {
    const counted =
      input.profile === 'gsm'
        ? countSegments(input.text, { smart: input.smartEncoding })
        : countMainland(input.signName, input.body)

    expect(counted).toMatchObject(wanted)
  },
)
