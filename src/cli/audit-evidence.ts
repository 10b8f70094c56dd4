/** The ref of a bundle under which it has what is not in Git. */
export function evidenceRef(environment: string): string {
  return `refs/towline/evidence/${environment}`;
}
