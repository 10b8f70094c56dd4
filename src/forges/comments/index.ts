export type { ReviewAccess } from './call.js';
export { giteaComments } from './gitea.js';
export { githubComments } from './github.js';
export { gitlabComments } from './gitlab.js';
