import type { Diagnostic } from '../source/diagnostic.js';
import { GIT_NAMESPACE } from './ssh-signature.js';
import { signerTimeText } from './signer-time.js';
import { parseSignerLine, type SignerLine } from './signer-line.js';

/** Whose keys count: an `allowed_signers` file of OpenSSH, read. */
export interface AllowedSigners {
  lines: readonly SignerLine[];
  /** What is wrong with the file. A line with a finding names nobody; the others stand. */
  diagnostics: Diagnostic[];
}

/** Why a key is nobody's. */
export type NobodyReason = 'unknown-key' | 'expired' | 'not-yet-valid' | 'other-namespace';

export type WhoseKey =
  /** `by`: who it is. One key is one person: the first name of its line, whatever else the line calls them. */
  { by: string; principals: readonly string[] } | { nobody: NobodyReason; reason: string };

export const NO_SIGNERS: AllowedSigners = { lines: [], diagnostics: [] };

/** Reads an `allowed_signers` file. It never throws: what a line says that is not understood becomes a finding. */
export function parseAllowedSigners(file: string, bytes: Uint8Array): AllowedSigners {
  const lines: SignerLine[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new TextDecoder().decode(bytes).split(/\r?\n|\r$/);
  texts.forEach((text, index) => {
    if (/^[ \t]*(#|$)/.test(text)) return;
    const parsed = parseSignerLine(text);
    if ('lineOf' in parsed) lines.push(parsed);
    else
      diagnostics.push({
        code: `signers/${parsed.code}`,
        severity: 'error',
        message: `${parsed.message}; the line counts for nobody`,
        fix: parsed.fix,
        place: { file, line: index + 1, column: 1 },
      });
  });
  return { lines, diagnostics };
}

/**
 * Who a key is at a time: the first line that has the key and counts then, as in OpenSSH. Else why it is nobody: of
 * several reasons the one that is nearest to a yes.
 */
export function principalsOf(
  { lines }: AllowedSigners,
  fingerprint: string,
  { namespace = GIT_NAMESPACE, at }: { namespace?: string; at: number },
): WhoseKey {
  const why = new Map<NobodyReason, string>();
  for (const line of lines) {
    if (line.fingerprint !== fingerprint) continue;
    const nobody = whyNot(line, namespace, at);
    if (nobody === undefined) return { by: line.by, principals: line.lineOf };
    why.set(nobody.nobody, nobody.reason);
  }
  for (const nobody of ['expired', 'not-yet-valid', 'other-namespace'] as const) {
    const reason = why.get(nobody);
    if (reason !== undefined) return { nobody, reason };
  }
  return { nobody: 'unknown-key', reason: `no signer has the key ${fingerprint}` };
}

function whyNot(
  { by, namespaces, validAfter, validBefore }: SignerLine,
  namespace: string,
  at: number,
): { nobody: NobodyReason; reason: string } | undefined {
  if (namespaces !== undefined && !listFits(namespaces, namespace))
    return { nobody: 'other-namespace', reason: `the key of ${by} does not sign for "${namespace}"` };
  if (validAfter !== undefined && at < validAfter)
    return {
      nobody: 'not-yet-valid',
      reason: `the key of ${by} counts from ${signerTimeText(validAfter)} on`,
    };
  if (validBefore !== undefined && at > validBefore)
    return { nobody: 'expired', reason: `the key of ${by} counted until ${signerTimeText(validBefore)}` };
  return undefined;
}

/** OpenSSH's lists of patterns: one that fits, and none with a `!` that does. */
function listFits(patterns: readonly string[], text: string): boolean {
  const fits = (pattern: string): boolean => {
    const expression = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replace(/\*+/g, '.*');
    return new RegExp(`^${expression.replaceAll('?', '.')}$`, 's').test(text);
  };
  const denied = patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)));
  return !denied && patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}
