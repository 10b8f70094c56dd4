/** `trigger` starts a run and `kill` ends those that go on; neither changes a definition. */
export type ChangeAction =
  'create' | 'update' | 'scale' | 'restart' | 'trigger' | 'kill' | 'delete' | 'none' | 'blocked';
