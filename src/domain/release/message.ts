import { oneLine } from '../source/one-line.js';
import { releaseText } from './parse-release.js';
import type { ImageEdit } from './image-edits.js';
import type { Release } from './release.js';

export interface Promoting {
  release: Release;
  edits: readonly ImageEdit[];
  environment: string;
  /** The environment that it ran in first. */
  from?: string;
}

/** First line of the message, and the title of a merge request. */
export function promotionSubject({ release, environment }: Omit<Promoting, 'edits'>): string {
  return oneLine(`Promote ${release.image} ${release.tag} to ${environment}`);
}

/** Message of a promotion commit: a subject for people, trailers for tools. */
export function promotionMessage(promoting: Promoting, pass: string): string {
  return `${[promotionSubject(promoting), '', ...promotionBody(promoting, pass)].join('\n')}\n`;
}

/** What changes, and where it comes from: the rest of the message, and the text of a merge request. */
export function promotionBody({ release, edits, environment, from }: Promoting, pass?: string): string[] {
  const jobs = [...new Set(edits.map((edit) => edit.jobRef))];
  return [
    ...edits.map(({ path, image, value }) => oneLine(`${path}: ${image} -> ${value}`)),
    '',
    `Towline-Release: ${releaseText(release)}`,
    `Towline-Environment: ${environment}`,
    ...trailer('Towline-Pass', pass),
    ...jobs.flatMap((ref) => trailer('Towline-Job', ref)),
    ...trailer('Towline-Promoted-From', from),
    ...trailer('Towline-Digest', release.digest),
    ...trailer('Towline-Source-Commit', release.sourceCommit),
    ...trailer('Towline-Source-Repository', release.sourceRepository),
    ...trailer('Towline-Source-Branch', release.sourceBranch),
    ...trailer('Towline-Build', release.buildUrl),
    ...trailer('Towline-Released-By', release.by),
    ...trailer('Towline-Released-At', release.at),
  ];
}

function trailer(key: string, value = ''): string[] {
  const clean = oneLine(value);
  return clean === '' ? [] : [`${key}: ${clean}`];
}
