import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { isSchema, mapped, type Schema } from '../../src/cli/schemas/forms.js';
import { publishedSchemas, schemaText } from '../../src/cli/schemas/index.js';

const folder = path.resolve(import.meta.dirname, '../../schemas');
const published = publishedSchemas();

describe('the published schemas', () => {
  it('are made from those that Towline itself validates with (npm run schemas writes them)', () => {
    expect(readdirSync(folder).sort()).toEqual([...published.keys()].map((name) => `${name}.json`).sort());
    for (const [name, schema] of published)
      expect({ name, text: readFileSync(path.join(folder, `${name}.json`), 'utf8') }).toEqual({
        name,
        text: schemaText(schema),
      });
  });

  it.each([...published.keys()])('%s is a schema that stands for itself', (name) => {
    const schema = published.get(name) ?? {};
    expect(() => new Ajv({ strict: false }).compile(schema)).not.toThrow();
    expect(JSON.stringify(schema)).not.toMatch(/"\$ref":"(?!#)/);
  });

  it.each(['marathon-app', 'marathon-group', 'marathon-pod', 'chronos-job'])(
    '%s has a word on every field, and says defaults of the right type',
    (name) => {
      const silent: string[] = [];
      let fields = 0;
      mapped(published.get(name), (schema) => {
        for (const [field, each] of Object.entries(propertiesOf(schema))) {
          fields += 1;
          if (isSchema(each) && typeof each['description'] !== 'string') silent.push(field);
          if (isSchema(each) && 'default' in each)
            expect(new Ajv({ strict: false }).validate({ ...each, definitions: published.get(name)?.['definitions'] }, each['default'])).toBe(true);
        }
        return schema;
      });
      expect(fields).toBeGreaterThan(5);
      expect(silent).toEqual([]);
    },
  );

  function propertiesOf(schema: Schema): Schema {
    const { properties } = schema;
    return isSchema(properties) ? properties : {};
  }
});
