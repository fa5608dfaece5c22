/** OpenAI takes 2,048 inputs and 300,000 tokens a request, Mistral 65,536 tokens; a token is seldom less than a character. */
const MAX_TEXTS = 256;
const MAX_CHARACTERS = 60_000;

/** Models take 8,192 tokens a text and refuse more. Users put the task first, so the beginning of a long prompt decides where it goes. */
const MAX_TEXT_CHARACTERS = 8000;

/** Requests' worth of texts, in order, each cut to what a model accepts; an empty text, which models refuse, becomes a space. */
export function batchTexts(texts: readonly string[], maxTexts = MAX_TEXTS): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let characters = 0;
  for (const text of texts.map(cutText)) {
    const batch = batches.at(-1);
    characters += text.length;
    if (batch !== undefined && batch.length < maxTexts && characters <= MAX_CHARACTERS) {
      batch.push(text);
      continue;
    }
    batches.push([text]);
    characters = text.length;
  }
  return batches;
}

/** A surrogate pair that the cut splits would become U+FFFD; better to lose the half. */
function cutText(text: string): string {
  const cut = text.slice(0, MAX_TEXT_CHARACTERS);
  const whole = cut.length < text.length ? cut.replace(/[\uD800-\uDBFF]$/u, "") : cut;
  return whole.toWellFormed() || " ";
}
