import manifest from '../../../package.json' with { type: 'json' }

/** The version a plan or a journal was made by. */
export const TOOL_VERSION: string = `${manifest.name} ${manifest.version}`
