import { applyEdits, modify, parse, type ParseError } from 'jsonc-parser';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { publishedSchemas } from '../schemas/index.js';

/** Where the schemas are put, beside the settings of VS Code: committed, so that everybody's editor has them. */
export const SCHEMA_FOLDER = '.vscode/towline';
const SETTINGS = '.vscode/settings.json';

export interface EditorFiles {
  /** Paths that were written. */
  written: string[];
  /** Why the settings were left alone. */
  refused?: string;
}

/** What folders hold: whole manifests, or what differs from those of an earlier layer. */
export interface SchemaFolders {
  manifests: readonly string[];
  patches: readonly string[];
}

/**
 * Writes the schemas into the repository and tells VS Code (and its YAML extension) which files they are for. Settings
 * that are there stay as they are, comments included; a file that can't be read is left alone.
 */
export async function writeEditorFiles(root: string, folders: SchemaFolders): Promise<EditorFiles> {
  const written: string[] = [];
  const schemas = publishedSchemas();
  await mkdir(path.join(root, SCHEMA_FOLDER), { recursive: true });
  for (const name of ['towline', 'manifest', 'manifest-patch']) {
    const file = `${SCHEMA_FOLDER}/${name}.json`;
    await writeFile(path.join(root, file), `${JSON.stringify(schemas.get(name))}\n`);
    written.push(file);
  }
  const before = await textOf(path.join(root, SETTINGS));
  const after = editorSettings(before, folders);
  if (after === undefined) return { written, refused: `${SETTINGS} is not valid; it was left as it is` };
  if (after !== before) {
    await writeFile(path.join(root, SETTINGS), after);
    written.push(SETTINGS);
  }
  return { written };
}

/** The settings with ours in them; undefined where they can't be read. */
export function editorSettings(before: string, { manifests, patches }: SchemaFolders): string | undefined {
  const errors: ParseError[] = [];
  const existing: unknown = before.trim() === '' ? {} : parse(before, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof existing !== 'object' || existing === null || Array.isArray(existing))
    return undefined;
  const globs = (folders: readonly string[], ends: string): string[] =>
    folders.map((each) => `${each}/**/*.${ends}`);
  const yaml = 'yaml,yml';
  const wanted: [string, string, string[]][] = [
    [`./${SCHEMA_FOLDER}/towline.json`, 'yaml', ['towline.yaml']],
    [`./${SCHEMA_FOLDER}/manifest.json`, 'yaml', globs(manifests, `{${yaml}}`)],
    [`./${SCHEMA_FOLDER}/manifest-patch.json`, 'yaml', globs(patches, `{${yaml}}`)],
    [`./${SCHEMA_FOLDER}/manifest.json`, 'json', globs(manifests, 'json')],
    [`./${SCHEMA_FOLDER}/manifest-patch.json`, 'json', globs(patches, 'json')],
  ];
  let text = before.trim() === '' ? '{}\n' : before;
  for (const [schema, language, files] of wanted.filter(([, , each]) => each.length > 0)) {
    text = language === 'yaml' ? set(text, ['yaml.schemas', schema], files) : setJson(text, schema, files);
  }
  return text;
}

/** `json.schemas` is a list: ours are told by the files that they name. */
function setJson(text: string, url: string, fileMatch: readonly string[]): string {
  const value: unknown = (parse(text) as { 'json.schemas'?: unknown })['json.schemas'];
  const list: unknown[] = Array.isArray(value) ? value : [];
  const at = list.findIndex((each) => (each as { url?: unknown } | null)?.url === url);
  return Array.isArray(value)
    ? set(text, ['json.schemas', at < 0 ? list.length : at], { fileMatch, url })
    : set(text, ['json.schemas'], [{ fileMatch, url }]);
}

function set(text: string, at: (string | number)[], value: unknown): string {
  return applyEdits(text, modify(text, at, value, { formattingOptions: { tabSize: 2, insertSpaces: true } }));
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
