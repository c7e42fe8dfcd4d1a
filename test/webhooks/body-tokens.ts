/** Pieces of a webhook's body, for property tests of bodies that are almost right. */
export const BODY_TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '"data":',
  '"d\\u0061ta":',
  'null',
  '1',
  ' ',
] as const;
