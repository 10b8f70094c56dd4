export { dockerContainers, type DockerOptions } from './containers.js';
export { dockerLogins, type DockerLogins } from './credentials.js';
export { dockerImages, type DockerImagesOptions } from './image/images.js';
