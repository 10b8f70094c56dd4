import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseManifest } from '../job/parse-manifest.js';
import { placeText } from '../source/diagnostic.js';
import { valueAt, type Json } from '../source/json.js';
import { editManifest } from './edit-manifest.js';

const edit = (
  path: string,
  text: string,
  pointer: string,
  value: Json,
  document = 0,
  add = false,
): string => {
  const result = editManifest(path, Buffer.from(text), [{ document, pointer, value, add }]);
  if ('diagnostics' in result) throw new Error(result.diagnostics.map((d) => d.message).join('; '));
  return Buffer.from(result.bytes).toString();
};

describe('editing a manifest', () => {
  it('changes the string and no other byte: comments, order, indentation, quotes, line ends, missing last newline', () => {
    const yaml =
      '# head\r\nid: /web   # why\r\ncontainer:\r\n    docker: {  image: "shop/web:1.0",   forcePullImage: false } # keep\r\n';
    expect(edit('a.yaml', yaml, '/container/docker/image', 'shop/web:1.1')).toBe(
      yaml.replace('web:1.0', 'web:1.1'),
    );
    const json = '{\n\t"container" : {"docker":{\t"image":"shop/web:1.0"} },\n\t"id":"/web"}';
    expect(edit('a.json', json, '/container/docker/image', 'shop/web:1.1')).toBe(
      json.replace('web:1.0', 'web:1.1'),
    );
    const bom = '\uFEFFimage: a:1';
    expect(edit('a.yaml', bom, '/image', 'a:2')).toBe('\uFEFFimage: a:2');
  });

  it('finds the right document of a stream and the right item of an array', () => {
    const stream = 'image: a:1\n---\nimage: a:1\n';
    expect(edit('a.yaml', stream, '/image', 'a:2', 1)).toBe('image: a:1\n---\nimage: a:2\n');
    expect(edit('a.json', '[{"image":"a:1"},{"image":"a:1"}]', '/1/image', 'a:2')).toBe(
      '[{"image":"a:1"},{"image":"a:2"}]',
    );
  });

  it('quotes plain text only where it would not be read as this text', () => {
    expect(edit('a.yaml', 'tag: v1\n', '/tag', '1.10')).toBe('tag: "1.10"\n');
    expect(edit('a.yaml', "image: 'a:1'\n", '/image', "it's")).toBe("image: 'it''s'\n");
    expect(edit('a.yaml', 'image: a:1\n', '/image', 'r.example:5000/a/b:2@sha256:00')).toBe(
      'image: r.example:5000/a/b:2@sha256:00\n',
    );
  });

  it('edits a value that has an anchor where nobody shares it', () => {
    expect(edit('a.yaml', 'image: &i a:1\n', '/image', 'a:2')).toBe('image: &i a:2\n');
  });

  it('leaves alone what already says so', () => {
    const text = 'image: "\\x61:1" # escaped\n';
    expect(edit('a.yaml', text, '/image', 'a:1')).toBe(text);
  });

  it('writes addresses with digits plainly, and what YAML 1.1 would count in quotes', () => {
    expect(edit('a.yaml', 'image: 10.0.0.1:5000/a:1\n', '/image', '10.0.0.1:5000/a:2')).toBe(
      'image: 10.0.0.1:5000/a:2\n',
    );
    expect(edit('a.yaml', 'image: a\n', '/image', '12:30')).toBe('image: "12:30"\n');
    expect(edit('a.yaml', 'image: {a: b, c: d}\n', '/image/a', 'x,y')).toBe('image: {a: "x,y", c: d}\n');
  });

  it('edits what is shared where all its places are meant', () => {
    const text = 'apps:\n- &a {id: a, image: w:1}\n- {<<: *a, id: b}\n- *a\n';
    const edits = [0, 1, 2].map((at) => ({ document: 0, pointer: `/apps/${at}/image`, value: 'w:2' }));
    const result = editManifest('a.yaml', Buffer.from(text), edits);
    expect('bytes' in result && Buffer.from(result.bytes).toString()).toBe(text.replace('w:1', 'w:2'));
    expect(editManifest('a.yaml', Buffer.from(text), edits.slice(1))).toMatchObject({
      diagnostics: [
        { message: '/apps/1/image is shared, by alias or merge key, with /apps/0/image (a.yaml:2:21)' },
      ],
    });
    const torn = edits.map((each, at) => ({ ...each, value: `w:${at + 2}` }));
    expect(editManifest('a.yaml', Buffer.from(text), torn)).toMatchObject({
      diagnostics: [{ place: { line: 2, column: 21 } }, { place: { line: 2, column: 21 } }],
    });
  });

  it.each([
    ['an alias', 'a.yaml', 'one: &i a:1\nimage: *i\n', '/image', 'a.yaml:2:8'],
    ['an anchor that others share', 'a.yaml', 'image: &i a:1\nother: *i\n', '/image', 'a.yaml:1:11'],
    ['a merged value', 'a.yaml', 'base: &b {image: a:1}\nweb:\n  <<: *b\n', '/web/image', 'a.yaml:1:18'],
    ['a block scalar', 'a.yaml', 'image: |-\n  a:1\n', '/image', 'a.yaml:1:8'],
    ['a mapping', 'a.yaml', 'image: {a: 1}\n', '/image', 'a.yaml:1:8'],
    ['a number', 'a.yaml', 'image: 3\n', '/image', 'a.yaml:1:8'],
    ['nothing', 'a.yaml', 'id: x\n', '/image', 'a.yaml:1:1'],
    ['nothing in JSON', 'a.json', '{"id": "x"}', '/image', 'a.json:1:1'],
    ['a number in JSON', 'a.json', '{"image": 3}', '/image', 'a.json:1:11'],
    ['something below a string', 'a.json', '{"image": "x"}', '/image/0', 'a.json:1:11'],
  ])('refuses %s rather than change anything else', (_name, path, text, pointer, place) => {
    const result = editManifest(path, Buffer.from(text), [{ document: 0, pointer, value: 'a:2' }]);
    expect(result).toMatchObject({ diagnostics: [{ code: 'edit/not-editable' }] });
    expect('diagnostics' in result && placeText(result.diagnostics[0]!.place)).toBe(place);
  });

  it('says of what is not there that it is not there', () => {
    for (const [path, text] of [
      ['a.json', '{"image": "x"}'],
      ['a.yaml', 'image: x\n'],
    ] as const)
      for (const pointer of ['/image/0', '/nothing'])
        expect(editManifest(path, Buffer.from(text), [{ document: 0, pointer, value: 'a:2' }])).toMatchObject(
          {
            diagnostics: [{ message: `${pointer} is not there` }],
          },
        );
  });

  it('refuses a document that is not there, and a file that is not right', () => {
    const nowhere = editManifest('a.yaml', Buffer.from('image: a:1\n'), [
      { document: 1, pointer: '/image', value: 'a:2' },
    ]);
    expect(nowhere).toMatchObject({ diagnostics: [{ message: '/image is not there' }] });
    expect(editManifest('a.json', Buffer.from('{'), [])).toMatchObject({
      diagnostics: [{ code: 'manifest/syntax' }],
    });
  });
});

describe('over all files', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const image = fc.tuple(word, word).map(([name, tag]) => `reg.example:5000/${name}:${tag}`);
  const eol = fc.constantFrom('\n', '\r\n');
  const bom = fc.constantFrom('', '\uFEFF');

  it('YAML keeps every byte that is not the image', () => {
    const noise = fc.oneof(
      word.map((w) => `# ${w}: "x`),
      fc.constant(''),
      fc.tuple(word, word).map(([k, v]) => `  x-${k}:   '${v}'  # note`),
    );
    const app = fc.record({
      above: fc.uniqueArray(noise, { maxLength: 4, selector: (l) => l.split(':')[0] }),
      quote: fc.constantFrom('', '"', "'"),
      anchor: fc.constantFrom('', '&img '),
      flow: fc.boolean(),
      comment: fc.constantFrom('', '   # pinned: by hand', '\t# tab'),
      image,
    });
    fc.assert(
      fc.property(
        fc.array(app, { minLength: 1, maxLength: 4 }),
        eol,
        bom,
        fc.boolean(),
        image,
        fc.nat(),
        (apps, nl, mark, last, next, nth) => {
          const chosen = nth % apps.length;
          const render = (replaced?: string): string =>
            mark +
            apps
              .map(({ above, quote, anchor, flow, comment, image: own }, at) => {
                const written =
                  anchor + quote + (at === chosen && replaced !== undefined ? replaced : own) + quote;
                const value = flow
                  ? `{ cpus: 1,  image: ${written} ,x: [1,2] }`
                  : `${nl}    image:  ${written}`;
                return ['---', ...above.map((l) => l), `  job: ${value}${comment}`].join(nl);
              })
              .join(nl) +
            (last ? nl : '');
          const edits = [{ document: chosen, pointer: '/job/image', value: next }];
          const result = editManifest('a.yaml', Buffer.from(render()), edits);
          expect('bytes' in result && Buffer.from(result.bytes).toString()).toBe(render(next));
        },
      ),
    );
  });

  it('JSON keeps every byte that is not the image', () => {
    const space = fc.constantFrom('', ' ', '\t', '\n  ', '\r\n\t');
    fc.assert(
      fc.property(
        fc.array(image, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(space),
        bom,
        image,
        fc.nat(),
        (images, spaces, mark, next, nth) => {
          const chosen = nth % images.length;
          const gaps = [...spaces.take(images.length * 6)];
          const render = (replaced?: string): string => {
            let at = 0;
            const gap = (): string => gaps[at++] ?? '';
            const items = images.map((own, index) => {
              const value = index === chosen && replaced !== undefined ? replaced : own;
              return `${gap()}{${gap()}"id"${gap()}:"\\u0041",${gap()}"image":${gap()}"${value}"${gap()}}`;
            });
            return `${mark}[${items.join(',')}]`;
          };
          const edits = [{ document: 0, pointer: `/${chosen}/image`, value: next }];
          const result = editManifest('a.json', Buffer.from(render()), edits);
          expect('bytes' in result && Buffer.from(result.bytes).toString()).toBe(render(next));
        },
      ),
    );
  });

  it('whatever is edited, the result states exactly that, or the edit is refused', () => {
    const text =
      'a: &a {image: x:1, n: 1}\nb: {<<: *a, m: [*a, &s "q:1", *s]}\nc: >\n  folded\nd:\n  z: plain # c\n';
    const pointers = ['/a/image', '/b/image', '/b/m/0/image', '/b/m/1', '/b/m/2', '/c', '/d/z', '/a/n', '/q'];
    const value = fc.oneof(
      image,
      fc.string(),
      fc.constantFrom('yes', '1.0', 'null', '- x', 'a: b', '#', "it's", '~'),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...pointers), { minLength: 1, maxLength: 4 }),
        value,
        (places, wanted) => {
          const result = editManifest(
            'a.yaml',
            Buffer.from(text),
            places.map((pointer) => ({ document: 0, pointer, value: wanted })),
          );
          if ('diagnostics' in result) return;
          const [before] = parseManifest('a.yaml', Buffer.from(text)).documents;
          const [after] = parseManifest('a.yaml', result.bytes).documents;
          for (const each of pointers)
            expect(valueAt(after!.value, each)).toEqual(
              places.includes(each) ? wanted : valueAt(before!.value, each),
            );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('putting a member into a manifest', () => {
  const put = (path: string, text: string, pointer: string, value: Json): string =>
    edit(path, text, pointer, value, 0, true);

  it('changes numbers as well', () => {
    expect(put('a.yaml', 'id: /web\ninstances: 2 # two\n', '/instances', 3)).toBe(
      'id: /web\ninstances: 3 # two\n',
    );
    expect(put('a.json', '{"instances": 2}', '/instances', 12)).toBe('{"instances": 12}');
  });

  it('writes it behind the first line of its mapping, so that comments stay with what they are about', () => {
    expect(put('a.yaml', 'id: /web  # the shop\n# how\ncmd: x\n', '/instances', 3)).toBe(
      'id: /web  # the shop\ninstances: 3\n# how\ncmd: x\n',
    );
    expect(put('a.yaml', '- id: a\n  cmd: x\n- id: b\r\n  cmd: y\r\n', '/1/instances', 3)).toBe(
      '- id: a\n  cmd: x\n- id: b\r\n  instances: 3\r\n  cmd: y\r\n',
    );
    expect(put('a.yaml', 'id: /web', '/instances', 3)).toBe('id: /web\ninstances: 3');
    expect(put('a.yaml', 'container:\n  docker: {image: a}\nid: /web\n', '/instances', 3)).toBe(
      'container:\n  docker: {image: a}\nid: /web\ninstances: 3\n',
    );
    expect(put('a.yaml', 'docker:\n  x: |\n   text\n', '/instances', 3)).toBe(
      'instances: 3\ndocker:\n  x: |\n   text\n',
    );
  });

  it('keeps to the style of what is there', () => {
    expect(put('a.yaml', '{id: /web, cmd: x}\n', '/instances', 3)).toBe('{id: /web, instances: 3, cmd: x}\n');
    expect(put('a.yaml', 'a: {}\n', '/a/instances', 3)).toBe('a: {instances: 3}\n');
    expect(put('a.json', '{\n  "id": "/web",\n  "cmd": "x"\n}\n', '/instances', 3)).toBe(
      '{\n  "id": "/web",\n  "instances": 3,\n  "cmd": "x"\n}\n',
    );
    expect(put('a.json', '{"id":"/web"}', '/instances', 3)).toBe('{"instances": 3,"id":"/web"}');
    expect(put('a.json', '{"a":{}}', '/a/x', 'y')).toBe('{"a":{"x": "y"}}');
    expect(put('a.yaml', 'id: a\n', '/scaling', { kind: 'fixed', instances: 2 })).toBe(
      'id: a\nscaling: {"kind":"fixed","instances":2}\n',
    );
  });

  it('refuses a place that has no mapping to be in, or one that others share', () => {
    expect(() => put('a.yaml', 'id: a\n', '/a/b', 1)).toThrow('/a/b is not there');
    expect(() => put('a.yaml', 'id: a\n', '/id/b', 1)).toThrow('/id/b is not there');
    expect(() => put('a.yaml', 'apps:\n- &a {id: a}\n- *a\n', '/apps/0/n', 1)).toThrow('is shared');
  });

  it('adds exactly that to any document', () => {
    const names = fc.constantFrom('id', 'a', 'b-c', '/x', 'on', '1');
    const value = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(names, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    const document = fc.dictionary(names, value, { minKeys: 1, maxKeys: 5 });
    fc.assert(
      fc.property(document, fc.boolean(), fc.integer(), (before, json, wanted) => {
        const text = json ? JSON.stringify(before, null, 2) : stringify(before);
        const path = json ? 'a.json' : 'a.yaml';
        const after = edit(path, text, '/instances', wanted, 0, true);
        expect(parseManifest(path, Buffer.from(after)).documents[0]?.value).toEqual({
          ...before,
          instances: wanted,
        });
      }),
      { numRuns: 300 },
    );
  });
});
