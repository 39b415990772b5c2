/** What the processes of the soak are told. */
export type SoakPlan = {
  state: string
  /** Of the vendor. */
  url: string
  /** Each is due every minute. */
  jobs: number
  /** What its clock shows at the beginning, in milliseconds since 1970. */
  startMs: number
  /** How often it prints what it holds, in its own ticks. */
  memoryEvery: number
}
