import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { publishedSchemas } from './published.js';

const folder = path.resolve(import.meta.dirname, '../../schemas');

describe('the published schemas', () => {
  it('are those that Towline itself validates with (npm run schemas writes them)', () => {
    const published = publishedSchemas();
    expect(readdirSync(folder).sort()).toEqual([...published.keys()].sort());
    for (const [name, text] of published) expect({ name, text: readFileSync(path.join(folder, name), 'utf8') }).toEqual({ name, text });
  });

  it.each([...publishedSchemas().keys()])('%s is a schema', (name) => {
    const schema = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as object;
    expect(() => new Ajv({ strict: false }).compile(schema)).not.toThrow();
  });
});
