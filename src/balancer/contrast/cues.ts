/** Something in the form of a text, whatever its topic, that speaks for the targets which its phrase is near to. */
export interface Cue {
  readonly name: string;
  /** What such texts are, for comparing with targets. */
  readonly phrase: string;
  /** From 0 (nothing of it) to 1. */
  readonly strength: (text: string) => number;
}

/** Forms show early, and every expression below takes linear time in what it reads. */
const MAX_CHARACTERS = 3000;

/** Signs that make a cue as strong as it gets. */
const FULL_CODE = 3;
const FULL_FORMULAS = 2;

export const cues: readonly Cue[] = [
  {
    name: "code",
    phrase: "computer program source code",
    strength(text) {
      const start = text.slice(0, MAX_CHARACTERS);
      const asked = asksForCode.test(start) ? 2 : 0;
      return Math.min(1, (countSigns(start, codeSigns) + asked) / FULL_CODE);
    },
  },
  {
    name: "formulas",
    phrase: "mathematical problem with numbers and equations",
    strength(text) {
      const start = text.slice(0, MAX_CHARACTERS);
      const asked = asksForQuantity.test(start) && (start.match(number)?.length ?? 0) >= 2 ? 1 : 0;
      return Math.min(1, (countSigns(start, formulaSigns) + asked) / FULL_FORMULAS);
    },
  },
];

function countSigns(text: string, signs: readonly RegExp[]): number {
  return signs.filter((sign) => sign.test(text)).length;
}

const codeSigns: readonly RegExp[] = [
  /```/,
  /[;{}][ \t]{0,8}$/m,
  /\b(?:def|class|function|import|return|const|let|var|public|void|#include|lambda|echo|printf|println)\b\s{0,8}[\w({<"]/,
  /\bSELECT\b[^;]{1,400}\bFROM\b/,
  /=>|==|!=|&&|\|\||::|->|\+=/,
  /<\/?[a-zA-Z]\w{0,40}[^<>]{0,200}>/,
  /\b\w{1,60}\([^()]{0,200}\)/,
  /\b[a-z]{1,40}[A-Z]\w{1,40}\b|\b[a-z]{1,40}_[a-z_]{1,40}\b/,
  /\b\w{1,60}\.(?:py|js|ts|java|cpp|html|css|json|sh|sql|php|rb|go|rs|yaml|yml|csv|txt|dll|exe)\b/,
  /\b\w{0,60}(?:Error|Exception)\b/,
  /\b(?:Traceback|stack ?trace|segfault|npm|pip install|sudo|localhost|stdin|stdout)\b/,
];

/** The thing asked for is a piece of program: "Write a function to …". */
const asksForCode =
  /\b(?:write|implement|create|make|build|generate|give|provide|code|complete|fix)\b[^.?!\n]{0,40}\b(?:functions?|programs?|scripts?|class|method|query|code|regex)\b/i;

const formulaSigns: readonly RegExp[] = [
  /\$[^$]{1,400}\$|\\\(|\\\[/,
  /\\(?:frac|int|sum|sqrt|cdot|times|le|ge|sin|cos|log|lim|begin|mathbb|text)\b/,
  /\b[a-z]\s{0,4}\^\s{0,4}\(?\d|[²³√∫∑π≤≥]/,
  /\d\s{0,4}[-+*/×÷^=]\s{0,4}\d|\d\s{0,4}[a-z]\s{0,4}[-+=]/,
  /\b[a-z]\([a-z]\)\s{0,4}=|\b[xyzn]\s{0,4}[=<>]\s{0,4}-?\d|[-+]\s{0,4}\d{0,9}[xyz]\b/,
];

const asksForQuantity =
  /\b(?:how many|how much|what is the (?:total|sum|probability|value|area|average|length|remainder|number)|find the|solve|evaluate|simplify|compute|calculate|prove)\b/i;
const number = /\d+(?:[.,]\d+)*/g;
