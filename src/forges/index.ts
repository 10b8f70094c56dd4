export type { ForgeAccess } from './post.js';
export { giteaBoard } from './gitea.js';
export { githubBoard } from './github.js';
export { gitlabBoard } from './gitlab.js';
