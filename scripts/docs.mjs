// Writes the pages of docs/ that are made from code.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exportsOf } from './bundled.mjs';

const { rulesPages } = await exportsOf('rules-page', 'test/docs/rules-page.ts');
await rm('docs/rules', { recursive: true, force: true });
await mkdir('docs/rules');
for (const [name, text] of rulesPages()) await writeFile(path.join('docs', name), text);
