import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAllowedSigners, principalsOf } from './index.js';

const ANN = 'AAAAC3NzaC1lZDI1NTE5AAAAIJzPRjRGhdb2VqB4HvEwx4SuHBYNL5AzaMNJ6FeXPcbC';
const ANNS = `ssh-ed25519 ${ANN}`;
const parse = (text: string) => parseAllowedSigners('.towline/allowed_signers', Buffer.from(text));
const noon = Date.UTC(2026, 5, 15, 12);
const who = (text: string, at = noon) => {
  const signers = parse(text);
  return principalsOf(signers, signers.lines[0]?.fingerprint ?? 'SHA256:none', { at });
};

describe('a line', () => {
  it.each([
    ['a name and a key', `ann@example.org ${ANNS}`, ['ann@example.org']],
    ['a comment after the key', `ann@example.org ${ANNS} Ann's laptop`, ['ann@example.org']],
    ['blanks before it and tabs in it', `  ann@example.org\t${ANNS}`, ['ann@example.org']],
    ['several names', `ann@example.org,ann ${ANNS}`, ['ann@example.org', 'ann']],
    ['a name in quotation marks', `"Ann Lee,ann" ${ANNS}`, ['Ann Lee', 'ann']],
    ['a pattern', `*@example.org,!eve@example.org ${ANNS}`, ['*@example.org', '!eve@example.org']],
    ['options', `ann namespaces="git,file",valid-after="20200101" ${ANNS}`, ['ann']],
    ['options whatever their case', `ann Namespaces="git" ${ANNS}`, ['ann']],
    ['a carriage return at its end', `ann ${ANNS}\r`, ['ann']],
  ])('may be %s', (_, line, principals) => {
    const { lines, diagnostics } = parse(line);
    expect(diagnostics).toEqual([]);
    expect(lines.map(({ lineOf }) => lineOf)).toEqual([principals]);
  });

  it.each([
    ['certificate', `ann cert-authority ${ANNS}`, 'not supported'],
    ['option', `ann no-touch-required ${ANNS}`, 'no-touch-required'],
    ['option', `ann valid-after=20200101 ${ANNS}`, 'quotation marks'],
    ['option', `ann namespaces="" ${ANNS}`, 'no value'],
    ['option', `ann valid-after="20200101",valid-after="20210101" ${ANNS}`, 'twice'],
    ['time', `ann valid-after="20200231" ${ANNS}`, '20200231'],
    ['time', `ann valid-after="yesterday" ${ANNS}`, 'yesterday'],
    ['time', `ann valid-after="20210101",valid-before="20200101" ${ANNS}`, 'not after'],
    ['principals', `!ann ${ANNS}`, 'no person'],
    ['principals', `ann,,bob ${ANNS}`, 'no person'],
    ['line', 'ann', 'no key'],
    ['line', `"ann ${ANNS}`, 'never closed'],
    ['key', `ann ssh-dss ${ANN}`, 'ssh-ed25519, not ssh-dss'],
    ['key', `ann ssh-ed25519 ${ANN.slice(0, -4)}`, "can't be used"],
    ['key', `ann ssh-ed25519 ${ANN.slice(0, -3)}`, 'Base64'],
    ['key', `ann namespaces="git" ed25519 ${ANN}`, 'no type'],
    ['key', 'ann ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgAB', '2048'],
  ])('that is wrong is a finding with its place (%s: %s)', (code, line, words) => {
    const { lines, diagnostics } = parse(`# people\n\n${line}\nbob ${ANNS}\n`);
    expect(diagnostics).toEqual([
      expect.objectContaining({
        code: `signers/${code}`,
        severity: 'error',
        message: expect.stringContaining(words),
        place: { file: '.towline/allowed_signers', line: 3, column: 1 },
      }),
    ]);
    expect(lines.map(({ by }) => by)).toEqual(['bob']);
  });

  it('never throws, whatever it is', () => {
    const word = fc.constantFrom(
      'ann',
      ',',
      '"',
      '\\"',
      ' ',
      'namespaces="',
      'valid-after="',
      '2020',
      ANNS,
      '#',
      '\n',
      '!',
      '*',
      '=',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        (text) => {
          const { lines, diagnostics } = parse(text);
          const count = text.split(/\r?\n|\r$/).filter((line) => !/^[ \t]*(#|$)/.test(line)).length;
          expect(lines.length + diagnostics.length).toBe(count);
        },
      ),
    );
  });
});

describe('whose key it is', () => {
  it('is the first name of the line, so that one key is never two people', () => {
    expect(who(`ann@example.org,bob@example.org ${ANNS}`)).toEqual({
      by: 'ann@example.org',
      principals: ['ann@example.org', 'bob@example.org'],
    });
  });

  it.each([
    ['from valid-after on', 'valid-after="20260615120000Z"', noon, undefined],
    ['not before it', 'valid-after="20260615120000Z"', noon - 1000, 'not-yet-valid'],
    ['until valid-before', 'valid-before="20260615120000Z"', noon, undefined],
    ['not after it', 'valid-before="20260615120000Z"', noon + 1000, 'expired'],
    ['in UTC also without a Z', 'valid-before="202606151200"', noon, undefined],
    ['in UTC also without a Z, and not later', 'valid-before="202606151200"', noon + 1000, 'expired'],
    ['with a day only: from its beginning', 'valid-after="20260615UTC"', Date.UTC(2026, 5, 15), undefined],
    ['for git', 'namespaces="file,g?t"', noon, undefined],
    ['not for something else', 'namespaces="file"', noon, 'other-namespace'],
    ['not where a pattern takes it back', 'namespaces="*,!git"', noon, 'other-namespace'],
  ])('counts %s', (_, options, at, nobody) => {
    expect(who(`ann ${options} ${ANNS}`, at)).toMatchObject(
      nobody === undefined ? { by: 'ann' } : { nobody },
    );
  });

  it('is told by the first line that counts at that time', () => {
    const text = `ann valid-before="20260101" ${ANNS}\nann@new.example valid-after="20260101" ${ANNS}\neve ${ANNS}\n`;
    expect(who(text)).toMatchObject({ by: 'ann@new.example' });
    expect(who(text, Date.UTC(2025, 5, 1))).toMatchObject({ by: 'ann' });
  });

  it('is nobody where no line has the key', () => {
    expect(principalsOf(parse(`ann ${ANNS}`), 'SHA256:other', { at: noon })).toMatchObject({
      nobody: 'unknown-key',
    });
  });
});
