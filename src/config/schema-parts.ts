/** Settings that people look for here. They are refused with the way to do it. */
export const secret = (instead: string): object => ({
  not: {},
  explain: `secrets never stand in this file: ${instead}`,
  description: `Not allowed here: ${instead}.`,
});

export const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 86400 };
