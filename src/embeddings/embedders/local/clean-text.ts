/**
 * The model reads 128 tokens at most, and the first 64 (some 300 characters) decide as well as all of them: on fixtures/prompts/dev.jsonl
 * 78.4 % of prompts reach their target with the first 320 characters and 78.1 % with 1,000, in half the time at the 95th percentile.
 */
const MAX_CHARACTERS = 320;

/** Enough to fill MAX_CHARACTERS, however the text is spaced, without normalising a megabyte. */
const MAX_RAW_CHARACTERS = 8 * MAX_CHARACTERS;

/**
 * What the model gets of a text: NFKC (the tokenizer's own normalisation, done before the cut because it can lengthen), white space
 * collapsed (the tokenizer knows no line ends), the first 320 characters, pairs kept whole. Nothing left becomes one space, whose vector
 * is as far from every topic as a text can be; the model refuses the empty string.
 */
export function cleanText(text: string): string {
  const normal = text
    .trimStart()
    .slice(0, MAX_RAW_CHARACTERS)
    .toWellFormed()
    .normalize("NFKC")
    .replace(/\s+/gu, " ")
    .trim();
  return cutWhole(normal) || " ";
}

function cutWhole(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return text
    .slice(0, MAX_CHARACTERS)
    .replace(/[\uD800-\uDBFF]$/u, "")
    .trimEnd();
}
