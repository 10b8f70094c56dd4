/** What the labels of an image say of where it comes from; what is not known is absent. */
export interface ImageOrigin {
  commit?: string;
  /** Files under version control differ from the commit. */
  changed: boolean;
  repository?: string;
  buildUrl?: string;
  version?: string;
  /** ISO 8601, UTC. */
  created: string;
}

/** Labels by the names of OCI's annotations. */
export function originLabels(origin: ImageOrigin): Record<string, string> {
  const { commit, changed, repository, buildUrl, version, created } = origin;
  const labels = {
    revision: commit === undefined ? undefined : `${commit}${changed ? '-dirty' : ''}`,
    source: repository,
    created,
    version,
    url: buildUrl,
  };
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) =>
      value === undefined ? [] : [[`org.opencontainers.image.${name}`, value]],
    ),
  );
}
