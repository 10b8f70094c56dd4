export { githubTrigger, type GithubOptions } from './github.js';
export { gitlabTrigger, type GitlabOptions } from './gitlab.js';
export { jenkinsTrigger, type JenkinsOptions } from './jenkins.js';
export { webhookTrigger, type WebhookOptions } from './webhook.js';
