import type { Config } from '../config/config.js';
import type { Place } from '../git/open.js';
import type { StatusBoard } from '../ports/revision-status.js';
import type { Log } from '../runtime/log.js';

/** The configured places where people are told how revisions stand. */
export async function statusBoards(
  { statuses, notes, repository }: Pick<Config, 'statuses' | 'notes' | 'repository'>,
  place: Place,
  log: Log,
): Promise<StatusBoard[]> {
  const boards: StatusBoard[] = [];
  if (statuses.length > 0) {
    const { giteaBoard, githubBoard, gitlabBoard } = await import('../forges/index.js');
    const made = { github: githubBoard, gitlab: gitlabBoard, gitea: giteaBoard };
    for (const { kind, token, ...access } of statuses) {
      if (token === undefined)
        log.warn(
          { forge: kind, project: access.project },
          'there is no token for statuses; none are reported',
        );
      else boards.push(made[kind]({ ...access, token }));
    }
  }
  if (notes) {
    const { gitNotes } = await import('../git/index.js');
    boards.push(gitNotes({ ...place, author: repository.author }));
  }
  return boards;
}
