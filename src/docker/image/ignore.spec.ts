import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseIgnore } from './ignore.js';

const read = (text: string, kept: string[] = []) => parseIgnore(text, { file: '.dockerignore', kept });

describe('a .dockerignore', () => {
  // What moby/patternmatcher answers for the same.
  it.each<[rules: string, ignored: string[], sent: string[]]>([
    ['', [], ['a', 'a/b']],
    ['# a\n\n   \n', [], ['a', '# a']],
    ['\uFEFFa\r\nb\r\n', ['a', 'b'], ['c']],
    ['  a  \n/b/\n./c\nd/../e', ['a', 'a/x/y', 'b', 'b/x', 'c', 'e'], ['x/a', 'd', 'x/b']],
    ['*', ['a', 'a/b', '.git'], []],
    ['.', [], ['a']],
    ['*.md', ['a.md', '.md'], ['docs/a.md', 'a.mdx', 'axmd']],
    ['*/*.md', ['docs/a.md'], ['a.md', 'x/docs/a.md']],
    ['**/*.md', ['a.md', 'x/y/a.md'], ['a.txt']],
    ['**', ['a', 'a/b'], []],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    [
      '**/node_modules',
      ['node_modules', 'x/node_modules', 'x/node_modules/y'],
      ['node_modules2', 'x/my_node'],
    ],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/x'], ['z', 'a/zz', 'b/a/z']],
    ['te?t', ['test', 'te+t', 'teßt'], ['te/t', 'tet', 'tesst']],
    ['[a-c]1\n[^a-c]2', ['a1', 'c1', 'd2'], ['d1', 'a2']],
    ['\\*\n\\#x', ['*', '#x'], ['a', 'x']],
    ['a.b\n(x)\nc+\n{d}\n$e', ['a.b', '(x)', 'c+', '{d}', '$e'], ['axb', 'x', 'cc', 'd', 'e']],
    ['*.md\n!README.md', ['a.md'], ['README.md']],
    ['*.md\n!README*.md\nREADME-secret.md', ['a.md', 'README-secret.md'], ['README.md', 'README-x.md']],
    ['!README.md\n*.md', ['README.md'], []],
    ['a\n!a/b', ['a', 'a/c'], ['a/b', 'a/b/c']],
    ['a\n! a/b/ ', ['a/c'], ['a/b']],
    ['a\n!**/keep', ['a', 'a/x'], ['a/keep', 'a/x/keep', 'keep']],
    ['../secret\n/../secret', ['secret'], ['x/secret']],
  ])('%j', (rules, ignored, sent) => {
    const { ignores } = read(rules);
    expect([...ignored, ...sent].filter((file) => ignores(file))).toEqual(ignored);
  });

  it('never leaves out what the build itself needs', () => {
    const { ignores, mayHoldMore } = read('*', ['ci/Dockerfile', '.dockerignore']);
    expect(ignores('ci/Dockerfile')).toBe(false);
    expect(ignores('.dockerignore')).toBe(false);
    expect(ignores('ci')).toBe(true);
    expect([mayHoldMore('ci'), mayHoldMore('src')]).toEqual([true, false]);
  });

  it.each<[rules: string, more: string[], nothing: string[]]>([
    ['*', [], ['a', 'a/b']],
    ['*\n!a/b/c', ['a', 'a/b', 'a/b/c'], ['b', 'a/c']],
    ['*\n!a/*/c', ['a', 'a/x', 'a/x/y'], ['b']],
    ['*\n!**/c', ['a', 'b/c/d'], []],
  ])('%j: folders that are still looked into', (rules, more, nothing) => {
    const { mayHoldMore } = read(rules);
    expect([...more, ...nothing].filter((folder) => mayHoldMore(folder))).toEqual(more);
  });

  it.each(['a\n!', '! ', '!/', '[a', '[]a]', 'a\\', '[z-a]'])(
    '%j is an error that names the line',
    (rules) => {
      expect(() => read(rules)).toThrow(
        expect.objectContaining({
          code: 'image-ignore',
          message: expect.stringMatching(/^\.dockerignore:[12]: /),
        }),
      );
    },
  );

  it('finds every file that can be sent by going down only where there may be more', () => {
    const part = fc.constantFrom('a', 'b', 'c', '*', '**', '?');
    const rule = fc
      .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([negated, parts]) => `${negated ? '!' : ''}${parts.join('/')}`);
    const file = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), file, (rules, parts) => {
        const ignore = read(rules.join('\n'));
        if (ignore.ignores(parts.join('/'))) return;
        for (let depth = 1; depth < parts.length; depth++) {
          const folder = parts.slice(0, depth).join('/');
          expect(!ignore.ignores(folder) || ignore.mayHoldMore(folder)).toBe(true);
        }
      }),
    );
  });
});
