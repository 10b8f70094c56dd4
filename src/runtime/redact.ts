const secrets = new Set<string>();

/**
 * Registers a value that must never be printed. Module state on purpose: a secret that one component knows must not
 * leak through another one's output. Short values are ignored, they would blot out ordinary words.
 */
export function registerSecret(value: string | undefined): void {
  if (value !== undefined && value.length >= 6) secrets.add(value);
}

/** Replaces every registered secret, its base64 and URL-encoded forms, and passwords in URLs. */
export function redact(text: string): string {
  let clean = text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*:[^\s/@"']*@/gi, '$1***@');
  for (const secret of secrets) {
    for (const form of forms(secret)) if (clean.includes(form)) clean = clean.replaceAll(form, '***');
  }
  return clean;
}

function forms(secret: string): Set<string> {
  return new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ]);
}
