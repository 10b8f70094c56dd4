import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseManifest } from '../job/parse-manifest.js';
import { placeText } from '../source/diagnostic.js';
import { valueAt } from '../source/json.js';
import { editManifest } from './edit-manifest.js';

const NEW = 'registry.example:5000/shop/web:2.0.0';

/** A file in pieces: the text of the image between what comes before and after it. */
interface Written {
  path: string;
  before: string;
  image: string;
  after: string;
  document: number;
  pointer: string;
}

const image = fc
  .tuple(
    fc.constantFrom('shop/web', 'localhost/a', 'r.example:5000/x/y-z', '10.0.0.1:5000/a'),
    fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/),
    fc.constantFrom('', `@sha256:${'a'.repeat(64)}`),
  )
  .map(([name, tag, digest]) => `${name}:${tag}${digest}`);
const words = fc.constantFrom(
  '',
  'é ü',
  '日本語',
  'a: b',
  '# no',
  "it's",
  '🚢',
  'shop/web:1.0.0',
  '\\"',
  '- x',
);
const comment = words.map((text) => (text === '' ? '' : ` # ${text}`));
const bom = fc.constantFrom('', '\uFEFF');

/** YAML in many styles, with the image in one of its documents. */
const yaml: fc.Arbitrary<Written> = fc
  .record({
    mark: bom,
    eol: fc.constantFrom('\n', '\r\n'),
    indent: fc.constantFrom('  ', '    ', ' '),
    style: fc.constantFrom('block', 'flow', 'flow-lines', 'json'),
    quote: fc.constantFrom('', '"', "'"),
    anchor: fc.constantFrom('', '&img ', '!!str ', '!!str &img '),
    directive: fc.constantFrom('', '%YAML 1.2', '%TAG !e! tag:example.org,2000:'),
    comments: fc.array(comment, { minLength: 6, maxLength: 6 }),
    note: words,
    gap: fc.constantFrom(' ', '   ', '\t'),
    merged: fc.boolean(),
    earlier: fc.nat(2),
    last: fc.boolean(),
    image,
  })
  .map((it): Written => {
    const [c0 = '', c1 = '', c2 = '', c3 = '', c4 = '', c5 = ''] = it.comments;
    const { indent: i, eol, quote, gap } = it;
    const note = JSON.stringify(it.note);
    const head = [
      ...Array.from(
        { length: it.earlier },
        (_, n) => `id: /other${n}${c0}\ncontainer: {docker: {image: ${quote}${it.image}${quote}}}\n---${c1}`,
      ),
      ...(it.merged ? [`base: &base {cpus: 1, note: ${note}}${c2}`, `merged:`, `${i}<<: *base`] : []),
      `id: "/web"${c2}`,
      `note: ${note} # ${it.image}`,
    ];
    const start = `${it.directive === '' ? '' : `${it.directive}\n---\n`}${head.join('\n')}\n`;
    const key = it.style === 'json' ? '"image":' : 'image:';
    const value = `${it.anchor}${quote}`;
    const [open, close] = {
      block: [
        `container:${c3}\n${i}docker:\n${i}${i}forcePullImage: false${c4}\n${i}${i}${key}${gap}${value}`,
        `${c5}\n${i}${i}privileged: false\n`,
      ],
      flow: [`container: {docker: {a: b, ${key}${gap}${value}`, `, z: [1, x]}}${c5}\n`],
      'flow-lines': [
        `container: {${c3}\n${i}docker: {\n${i}${key}${gap}${value}`,
        `${c4}\n${i}}\n${i}}${c5}\n`,
      ],
      json: [`container: {"docker":{"a":"b",${key}${gap}${value}`, `}}${c5}\n`],
    }[it.style] as [string, string];
    const tail = it.last ? `cmd: run` : `cmd: run\n...\n`;
    const lines = (text: string): string => text.replaceAll('\n', eol);
    return {
      path: 'jobs/web.yaml',
      before: `${it.mark}${lines(start + open)}`,
      image: it.image,
      after: `${quote}${lines(close + tail)}`,
      document: it.earlier,
      pointer: '/container/docker/image',
    };
  });

const json: fc.Arbitrary<Written> = fc
  .record({
    mark: bom,
    spaces: fc.infiniteStream(fc.constantFrom('', ' ', '\t', '\n\t', '\r\n  ', '\n\n')),
    note: words,
    rank: fc.nat(3),
    list: fc.boolean(),
    image,
  })
  .map(({ mark, spaces, note, rank, list, image: text }): Written => {
    const gap = (): string => {
      const next = spaces.next();
      return next.done === true ? '' : next.value;
    };
    const before = `${gap()}{${gap()}"id"${gap()}:${gap()}"/w\\u0065b",${gap()}"note":${JSON.stringify(note)},${gap()}"${text.replace('/', '\\/')}"${gap()}:1,${gap()}"container":${gap()}{${gap()}"docker"${gap()}:{${gap()}"image"${gap()}:${gap()}"`;
    const after = `"${gap()},"privileged":false}${gap()}}${gap()}}${gap()}`;
    const others = Array.from(
      { length: list ? rank : 0 },
      (_, n) => `{"id":"/o${n}","container":{"docker":{"image":"${text}"}}},`,
    );
    return {
      path: 'jobs/web.json',
      before: `${mark}${list ? `[${others.join('')}` : ''}${before}`,
      image: text,
      after: `${after}${list ? ']' : ''}`,
      document: 0,
      pointer: `${list ? `/${rank}` : ''}/container/docker/image`,
    };
  });

describe('a promotion edits exactly the image', () => {
  it.each([
    ['YAML', yaml],
    ['JSON', json],
  ])('of generated %s, and no other byte', (_name, files) => {
    fc.assert(
      fc.property(files, image, ({ path, before, image: old, after, document, pointer }, next) => {
        const bytes = Buffer.from(`${before}${old}${after}`);
        const given = parseManifest(path, bytes);
        expect(given.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(valueAt(given.documents.find(({ index }) => index === document)?.value, pointer)).toBe(old);
        const result = editManifest(path, bytes, [{ document, pointer, value: next }]);
        if ('diagnostics' in result) throw new Error(result.diagnostics[0]?.message);
        expect(Buffer.from(result.bytes).toString()).toBe(`${before}${next}${after}`);
        const [now, then] = [parseManifest(path, result.bytes), given].map(({ documents }) => documents);
        for (const [at, each] of (now ?? []).entries()) {
          const isIt = each.index === document;
          expect(valueAt(each.value, pointer)).toBe(isIt ? next : valueAt(then?.[at]?.value, pointer));
        }
      }),
      { numRuns: 500 },
    );
  });

  describe.each<[string, string, string, string]>([
    [
      'also in a comment and in another field',
      'a.yaml',
      '# shop/web:1 is the old one\nid: /web # shop/web:1\nlabels: { was: "shop/web:1" }\ncmd: "echo image: shop/web:1"\nimage: shop/web:1 # image: shop/web:1\n',
      '/image',
    ],
    ['in a key of its own', 'a.yaml', '"shop/web:1": yes\n? image\n: shop/web:1\n', '/image'],
    ['behind a tag and an anchor', 'a.yaml', 'image: !!str &x "shop/web:1"\n', '/image'],
    ['on the line after its key', 'a.yaml', 'image:\n  # here\n  shop/web:1\nid: /web\n', '/image'],
    ['in a quoted key', 'a.yaml', '{"image":"shop/web:1","id":"/web"}', '/image'],
    ['between directives and document ends', 'a.yaml', '%YAML 1.2\n---\nimage: shop/web:1\n...\n', '/image'],
    ['before a comment without an end of line', 'a.yaml', 'id: /web\nimage: "shop/web:1" # last', '/image'],
    ['with tabs and line ends of Windows', 'a.json', '{\r\n\t"image"\t:\t"shop/web:1"\t\r\n}', '/image'],
    [
      'behind a member whose name needs an escape',
      'a.json',
      '{"a\\"b/c~d":"shop/web:1","image":"shop/web:1"}',
      '/image',
    ],
    ['after characters of four bytes', 'a.json', '{"note":"🚢🚢","image":"shop/web:1"}', '/image'],
    ['after characters of four bytes in YAML', 'a.yaml', 'note: 🚢 日本語\nimage: shop/web:1\n', '/image'],
    [
      'in a sequence below its key',
      'a.yaml',
      'containers:\n- name: a\n  image:  shop/web:1\n- {name: b}\n',
      '/containers/0/image',
    ],
  ])('where it stands %s', (_name, path, text, pointer) => {
    it('the other places stay', () => {
      const result = editManifest(path, Buffer.from(text), [{ document: 0, pointer, value: NEW }]);
      if ('diagnostics' in result) throw new Error(result.diagnostics[0]?.message);
      const after = Buffer.from(result.bytes).toString();
      const value = valueAt(parseManifest(path, result.bytes).documents[0]?.value, pointer);
      expect(value).toBe(NEW);
      // One place got the new text, and putting the old one back gives the file as it was.
      expect(after.split(NEW)).toHaveLength(2);
      expect(after.replace(NEW, 'shop/web:1')).toBe(text);
    });
  });

  it.each<[string, string, string, string]>([
    [
      'an anchor that another job aliases',
      'apps:\n- {id: /a, image: &i shop/web:1}\n- {id: /b, image: *i}\n',
      '/apps/0/image',
      'a.yaml:2:22',
    ],
    [
      'an alias of another job',
      'apps:\n- {id: /a, image: &i shop/web:1}\n- {id: /b, image: *i}\n',
      '/apps/1/image',
      'a.yaml:3:19',
    ],
    [
      'a mapping that another job merges',
      'a: &a {image: shop/web:1}\nb: {<<: *a}\n',
      '/a/image',
      'a.yaml:1:15',
    ],
    ['a literal block', 'id: /web\nimage: |\n  shop/web:1\n', '/image', 'a.yaml:2:8'],
    ['a folded block', 'id: /web\nimage: >-\n  shop/web:1\n', '/image', 'a.yaml:2:8'],
  ])('refuses %s, with its place', (_name, text, pointer, place) => {
    const result = editManifest('a.yaml', Buffer.from(text), [{ document: 0, pointer, value: NEW }]);
    expect(result).toMatchObject({ diagnostics: [{ code: 'edit/not-editable' }] });
    expect('diagnostics' in result && result.diagnostics.map((each) => placeText(each.place))).toEqual([
      place,
    ]);
  });

  it.each([
    ['a.yaml', 'image: shop/web:1\nimage: shop/web:1\n'],
    ['a.json', '{"image": "shop/web:1", "image": "shop/web:1"}'],
    ['a.yaml', 'image: "shop/web:1\n'],
    ['a.yaml', 'id: /a\n\timage: shop/web:1\n'],
  ])('refuses a file that says two things or none: %s %j', (path, text) => {
    const result = editManifest(path, Buffer.from(text), [{ document: 0, pointer: '/image', value: NEW }]);
    expect('diagnostics' in result && result.diagnostics.length).toBeGreaterThan(0);
  });

  it('an image over several lines in quotes is one value, and becomes one line', () => {
    const text = 'image: "shop/\\\n  web:1" # two lines\nid: /web\n';
    const result = editManifest('a.yaml', Buffer.from(text), [
      { document: 0, pointer: '/image', value: NEW },
    ]);
    expect('bytes' in result && Buffer.from(result.bytes).toString()).toBe(
      `image: "${NEW}" # two lines\nid: /web\n`,
    );
  });
});
