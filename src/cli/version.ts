/** Filled in by the build. */
declare const TOWLINE_BUILD: { version: string; parser: string } | undefined;

const built = typeof TOWLINE_BUILD === 'object' ? TOWLINE_BUILD : undefined;

export const VERSION = built?.version ?? '0.0.0-source';

/** Digest of everything that decides how a manifest is read; undefined when run from source. */
export const PARSER = built?.parser;
