/** Fields that the server keeps and a manifest should not hold. */
export const STATE_FIELDS = [
  'successCount',
  'errorCount',
  'errorsSinceLastSuccess',
  'lastSuccess',
  'lastError',
];

/** Only 2.x knows them; 3.x drops them silently. */
export const OLD_FIELDS = ['epsilon', 'async'];

/** What a manifest tells Towline, and Chronos never sees. */
export const OWN_FIELDS = ['runOnDeploy'];
