import { parseObjectId, type ObjectId } from './revision.js';
import { parseTrailers, type Trailer } from './trailers.js';

/** A commit as its object says it. */
export interface CommitObject {
  tree: ObjectId;
  parents: ObjectId[];
  author: CommitPerson;
  committer: CommitPerson;
  /** The message is in this encoding; undefined: in UTF-8. */
  encoding?: string;
  /** It carries a signature. */
  signed: boolean;
  /** The message without trailers is its subject and its body. */
  message: string;
  trailers: Trailer[];
}

export interface CommitPerson {
  name: string;
  email: string;
  /** In seconds since the epoch. */
  at: number;
  /** Hours and minutes that the clock there was before UTC: `+0530`. */
  zone: string;
}

/** What the bytes of a commit object say; undefined where they are none. */
export function parseCommitObject(bytes: Uint8Array): CommitObject | undefined {
  const text = new TextDecoder().decode(bytes);
  const end = text.indexOf('\n\n');
  const headers = (end < 0 ? text : text.slice(0, end)).split('\n');
  const message = end < 0 ? '' : text.slice(end + 2);
  let tree: ObjectId | undefined;
  const parents: ObjectId[] = [];
  let [author, committer]: (CommitPerson | undefined)[] = [];
  let signed = false;
  let encoding: string | undefined;
  for (const line of headers) {
    const space = line.indexOf(' ');
    const [name, value] = [line.slice(0, space), line.slice(space + 1)];
    if (name === 'tree') tree ??= parseObjectId(value);
    else if (name === 'parent') {
      const id = parseObjectId(value);
      if (id === undefined) return undefined;
      parents.push(id);
    } else if (name === 'author') author = personOf(value);
    else if (name === 'committer') committer = personOf(value);
    else if (name === 'encoding') encoding = value;
    else if (name === 'gpgsig' || name === 'gpgsig-sha256') signed = true;
  }
  if (tree === undefined || author === undefined || committer === undefined) return undefined;
  const said = encoding === undefined ? {} : { encoding };
  return { tree, parents, author, committer, ...said, signed, message, trailers: parseTrailers(message) };
}

function personOf(text: string): CommitPerson | undefined {
  const match = /^(.*?) ?<([^<>]*)> (-?\d+) ([+-]\d{4})$/.exec(text);
  if (match === null) return undefined;
  return { name: match[1] ?? '', email: match[2] ?? '', at: Number(match[3]), zone: match[4] ?? '' };
}
