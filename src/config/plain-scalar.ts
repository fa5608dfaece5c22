const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, null] => [word, null]),
  ...["true", "yes", "on"].flatMap((word) => inEachCase(word, true)),
  ...["false", "no", "off"].flatMap((word) => inEachCase(word, false)),
]);
const INTEGER = /^[-+]?\d+$/;
const OTHER_BASE = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** What an unquoted YAML scalar means: YAML 1.2's core schema, and YAML 1.1's yes, no, on and off, which decK reads as booleans too. */
export function resolvePlainScalar(text: string): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (INTEGER.test(text) || OTHER_BASE.test(text) || FLOAT.test(text)) return toNumber(text);
  return text;
}

/** JSON has no infinity: a number beyond the range stays text. */
function toNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function inEachCase(word: string, value: boolean): [string, boolean][] {
  return [word, word.toUpperCase(), `${word.charAt(0).toUpperCase()}${word.slice(1)}`].map((form) => [form, value]);
}
