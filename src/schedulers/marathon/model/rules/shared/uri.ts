import type { Report } from '../rule.js';

/** What java.net.URI does not parse: the most common slips, and only those. */
export function uriProblem(uri: string): string | undefined {
  const bad = /[\s"<>\\^`{|}]/.exec(uri);
  if (bad !== null) return `it holds ${JSON.stringify(bad[0])}`;
  if (/%(?![0-9a-fA-F]{2})/.test(uri)) return 'a "%" is not followed by two hexadecimal digits';
  return undefined;
}

export function checkUri(uri: string | undefined, at: string, report: Report): void {
  const bad = uri === undefined ? undefined : uriProblem(uri);
  if (bad !== undefined) report(at, `${JSON.stringify(uri)} is no URI: ${bad}`, 'Write it percent-encoded.');
}
