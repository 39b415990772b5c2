/** One figure beside a reference measured in the same run; machines are noisy, ratios less so. */
export type Measure = {
  name: string
  figure: number
  unit: string
  reference: string
  referenceFigure: number
  ratio: number
}
