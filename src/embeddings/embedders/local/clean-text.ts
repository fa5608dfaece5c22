/** No piece of the vocabulary is longer than 16 characters: what lies behind these cannot be among the first 64 pieces (encoder/shape.js). */
const MAX_CHARACTERS = 1024;

/** Enough to fill MAX_CHARACTERS, however the text is spaced, without normalising a megabyte. */
const MAX_RAW_CHARACTERS = 4 * MAX_CHARACTERS;

/**
 * What the model gets of a text: NFKC (the tokenizer's own normalisation, done before the cut because it can lengthen), white space
 * collapsed (the tokenizer knows no line ends), the first 1,024 characters, pairs kept whole. Nothing left becomes one space, whose vector
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
