import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { editImage } from './edit-image.js';

const edit = (path: string, text: string, pointer: string, value: string, document = 0): string => {
  const result = editImage(path, Buffer.from(text), [{ document, pointer, value }]);
  if ('diagnostics' in result) throw new Error(result.diagnostics.map((d) => d.message).join('; '));
  return Buffer.from(result.bytes).toString();
};

describe('editing an image', () => {
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

  it.each([
    ['an alias', 'one: &i a:1\nimage: *i\n', '/image'],
    ['an anchor that others share', 'image: &i a:1\nother: *i\n', '/image'],
    ['a merged value', 'base: &b {image: a:1}\nweb:\n  <<: *b\n', '/web/image'],
    ['a block scalar', 'image: |-\n  a:1\n', '/image'],
    ['a number', 'image: {a: 1}\n', '/image'],
    ['nothing', 'id: x\n', '/image'],
  ])('refuses %s rather than change anything else', (_name, text, pointer) => {
    const result = editImage('a.yaml', Buffer.from(text), [{ document: 0, pointer, value: 'a:2' }]);
    expect(result).toMatchObject({
      diagnostics: [{ code: 'release/not-editable', place: { file: 'a.yaml' } }],
    });
  });

  it('leaves every other byte alone in random files', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    const line = fc.oneof(
      word.map((w) => `# ${w}`),
      fc.tuple(word, word).map(([k, v]) => `x-${k}: ${v}  # note`),
      fc.constant(''),
    );
    const quote = fc.constantFrom('', '"', "'");
    fc.assert(
      fc.property(
        fc.uniqueArray(line, { maxLength: 6, selector: (l) => l.split(':')[0] }),
        fc.uniqueArray(line, { maxLength: 6, selector: (l) => l.split(':')[0] }),
        quote,
        fc.constantFrom('\n', '\r\n'),
        word,
        word,
        (above, below, q, eol, tag, next) => {
          const others = below.filter(
            (l) => l === '' || l.startsWith('#') || !above.some((a) => a.split(':')[0] === l.split(':')[0]),
          );
          const text = [...above, `image: ${q}shop/web:${tag}${q}`, ...others].join(eol);
          expect(edit('a.yaml', text, '/image', `shop/web:${next}`)).toBe(
            [...above, `image: ${q}shop/web:${next}${q}`, ...others].join(eol),
          );
        },
      ),
    );
  });
});
