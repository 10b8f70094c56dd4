export type { ProjectAccess } from './call.js';
export { giteaMergeRequests } from './gitea.js';
export { githubMergeRequests } from './github.js';
export { gitlabMergeRequests } from './gitlab.js';
