export type { Permit } from './permit-maker.ts'
