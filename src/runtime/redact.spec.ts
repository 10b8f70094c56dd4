import { describe, expect, it } from '@jest/globals';
import { redact, redactWrites, registerSecret } from './redact.js';

const SECRET = 'T0p "se/cr\\et"+é';
registerSecret(SECRET);
registerSecret('tiny');
registerSecret('pin42', 4);
registerSecret(`begin-${'x'.repeat(80)}`);

describe('what is printed', () => {
  it.each<[string, string]>([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in a text in JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['as base64', Buffer.from(SECRET).toString('base64')],
    ['as hexadecimal digits', Buffer.from(SECRET).toString('hex')],
  ])('holds no secret %s', (_name, text) => {
    expect(redact(`<${text}>`)).toBe('<***>');
    expect(redact(`${text}${text}`)).toBe('******');
  });

  it.each([1, 2, 3, 4])('holds none inside of base64 of more, %s bytes from its begin', (before) => {
    const all = Buffer.from('u'.repeat(before) + SECRET + ':more').toString('base64');
    const shown = redact(all);
    expect(shown).toContain('***');
    const left = Buffer.from(shown.replace('***', ''), 'base64').toString();
    expect(left).not.toContain('se/cr');
  });

  it('holds none that was cut off', () => {
    expect(redact(`not "begin-${'x'.repeat(30)}..."`)).toBe('not "***..."');
    expect(redact('begin-xxxxxxx and more')).toBe('begin-xxxxxxx and more');
  });

  it('keeps short words, and loses short secrets only where they stand alone', () => {
    expect(redact('tiny pin42 pin421 xpin42 "pin42"')).toBe('tiny *** pin421 xpin42 "***"');
  });

  it.each([
    ['https://ann:pw@host/x', 'https://***@host/x'],
    ['https://ghp_abc@host/x', 'https://***@host/x'],
    ['postgres://ann:pw@host/x', 'postgres://***@host/x'],
    ['ssh://git@host/x', 'ssh://git@host/x'],
    ['http://host:80/a@b', 'http://host:80/a@b'],
    ['https://secret:hmac-sha256:0:1@host', 'https://secret:hmac-sha256:0:1@host'],
  ])('has no logins in URLs: %s', (text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  it('passes through a stream without them', () => {
    const written: unknown[] = [];
    const stream = { write: (chunk: unknown) => written.push(chunk) > 0 };
    redactWrites(stream);
    stream.write(`a ${SECRET}\n`);
    expect(written).toEqual(['a ***\n']);
  });
});
