/** How many parts a text is billed as. */

export type Segments = {
  encoding: 'GSM-7' | 'UCS-2'
  segments: number
  /** Septets or UTF-16 units, whichever the encoding counts. */
  codeUnits: number
  /** What a person sees as one character each. */
  graphemes: number
  /** What keeps the text from being GSM-7, each once. */
  nonGsmCharacters: string[]
}

/** 3GPP TS 23.038, the default alphabet; the escape itself left out. */
const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** Its extension: an escape and a letter, two septets that are never parted. */
const extended = new Set('\f^{}\\[~]|€')

const gsm = { single: 160, part: 153 }
const ucs2 = { single: 70, part: 67 }

/** The profile of everywhere but mainland China. `smart`: typographic characters are replaced first, as Twilio can. */
export function countSegments(text: string, { smart = false } = {}): Segments {
  const characters = [...(smart ? plain(text) : text)]
  const foreign = characters.filter((one) => !basic.has(one) && !extended.has(one))
  const isGsm = foreign.length === 0
  const units = characters.map((one) => (isGsm ? (extended.has(one) ? 2 : 1) : one.length))
  return {
    encoding: isGsm ? 'GSM-7' : 'UCS-2',
    segments: partsOf(units, isGsm ? gsm : ucs2),
    codeUnits: sum(units),
    graphemes: [...new Intl.Segmenter().segment(characters.join(''))].length,
    nonGsmCharacters: [...new Set(foreign)],
  }
}

/** Mainland China: every character counts one, and so does the signature in the brackets that the vendor adds. */
export function countMainland(
  signName: string,
  body: string,
): { fullText: string; characters: number; segments: number } {
  const fullText = `【${signName}】${body}`
  const characters = [...fullText].length
  const segments = characters <= ucs2.single ? 1 : Math.ceil(characters / ucs2.part)
  return { fullText, characters, segments }
}

/** A character of two units that does not fit begins the next part. */
function partsOf(units: readonly number[], { single, part }: typeof gsm): number {
  if (sum(units) <= single) return 1
  let [parts, used] = [1, 0]
  for (const unit of units) {
    if (used + unit > part) [parts, used] = [parts + 1, 0]
    used += unit
  }
  return parts
}

const sum = (units: readonly number[]): number => units.reduce((total, unit) => total + unit, 0)

/** The characters that word processors put in place of those on the keyboard. */
const typographic: Record<string, string> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u2032': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u2033': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\u2022': '-',
  '\u00a0': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '\u200b': '',
  '\u2060': '',
  '\ufeff': '',
}

const plain = (text: string): string => [...text].map((one) => typographic[one] ?? one).join('')
