export { dockerContainers, type DockerOptions } from './containers.js';
