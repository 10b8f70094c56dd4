/**
 * The registry of an image name: its first component where that holds a `.` or `:` or is `localhost`, as Docker reads it;
 * otherwise Docker Hub, `docker.io`.
 */
export function registryHost(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const host = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
  return host === 'index.docker.io' ? 'docker.io' : host;
}
