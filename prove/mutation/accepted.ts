/**
 * Mutants that survive, each with the reason: it changes nothing that can be observed. Whoever adds one writes
 * why no test can tell; a survivor that is missing here fails the run.
 */
export const accepted: ReadonlyMap<string, string> = new Map([])
