import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * A folder for what Towline keeps for itself, mostly below a job repository's work tree: it is made, and says to git by a
 * file of its own that nothing in it is to be committed. A file of that name that is there already stays as it is.
 */
export async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
}
