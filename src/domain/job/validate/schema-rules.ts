/** What a check against a schema can find, with the summaries for the catalogue. */
const SUMMARIES = {
  type: 'a value has another type than is read',
  required: 'a field is missing',
  'unknown-field': 'a field is not known: an error where it looks like a slip',
  enum: 'a value is not one of the few that are allowed',
  range: 'a number is too small or too large',
  length: 'a text is too short or too long',
  count: 'a list has too few or too many entries',
  pattern: 'a text has the wrong form',
  name: 'the name of a field or variable has the wrong form',
  form: 'a value fits none of the forms that are allowed',
  more: 'there are more findings than are shown',
} as const;

/** The rules that a scheduler's schemas stand for; `names` are those that its schemas use. */
export function schemaRules(
  scheduler: string,
  names = Object.keys(SUMMARIES) as (keyof typeof SUMMARIES)[],
): { code: string; summary: string }[] {
  return names.map((name) => ({ code: `${scheduler}/${name}`, summary: SUMMARIES[name] }));
}
