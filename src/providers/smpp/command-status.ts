import type { Blame } from '../provider.ts'

export const ESME_ROK = 0x00
export const ESME_RX_T_APPN = 0x64

/**
 * Answers to submit_sm that refuse it before it was taken. Absent, and so unknown: RSYSERR (0x08), RSUBMITFAIL
 * (0x45), RUNKNOWNERR (0xff), which centres also give after having forwarded, and what vendors add (0x400 on),
 * unless the options of the link say what it means.
 */
export const refusedStatuses: Readonly<Record<number, Blame>> = {
  0x01: 'message', // RINVMSGLEN
  0x02: 'message', // RINVCMDLEN
  0x03: 'message', // RINVCMDID
  0x04: 'account', // RINVBNDSTS
  0x06: 'message', // RINVPRTFLG
  0x07: 'message', // RINVREGDLVFLG
  0x0a: 'account', // RINVSRCADR
  0x0b: 'message', // RINVDSTADR
  0x14: 'pace', // RMSGQFUL
  0x15: 'account', // RINVSERTYP
  0x33: 'message', // RINVNUMDESTS
  0x40: 'message', // RINVDESTFLAG
  0x42: 'message', // RINVSUBREP
  0x43: 'message', // RINVESMCLASS
  0x48: 'account', // RINVSRCTON
  0x49: 'account', // RINVSRCNPI
  0x50: 'message', // RINVDSTTON
  0x51: 'message', // RINVDSTNPI
  0x53: 'account', // RINVSYSTYP
  0x58: 'pace', // RTHROTTLED
  0x61: 'message', // RINVSCHED
  0x62: 'message', // RINVEXPIRY
  0xc0: 'message', // RINVOPTPARSTREAM
  0xc1: 'message', // ROPTPARNOTALLWD
  0xc2: 'message', // RINVPARLEN
  0xc3: 'message', // RMISSINGOPTPARAM
  0xc4: 'message', // RINVOPTPARAMVAL
}

/** As operators' manuals write it. */
export function statusText(status: number): string {
  return `0x${status.toString(16).padStart(8, '0')}`
}
