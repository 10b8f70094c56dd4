import { execa } from 'execa';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const script = path.resolve(import.meta.dirname, '../../scripts/bundled.mjs');

/**
 * A TypeScript file (relative to the project) as a program that a test can start; answers its path. A process of its own
 * makes it: the bundler does not run in Jest's.
 */
export async function bundledProgram(name: string, entry: string): Promise<string> {
  const call = `bundled(${JSON.stringify(name)}, ${JSON.stringify(entry)})`;
  const text = `import { bundled } from ${JSON.stringify(pathToFileURL(script).href)};process.stdout.write(await ${call});`;
  return (await execa(process.execPath, ['--input-type=module', '--eval', text])).stdout;
}
