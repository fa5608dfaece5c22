import { didYouMean } from "../core/did-you-mean.ts";
import type { DiagnosticCode } from "./codes.ts";

/** What `${{ … }}` may hold: `env "DECK_X"`, with a default as second argument, or a text in quotes; and functions behind pipes. */
export interface Expression {
  readonly operand: { readonly variable: string; readonly fallback?: string } | { readonly text: string };
  readonly pipes: readonly Pipe[];
}

type Pipe = { readonly name: "toBool" | "toInt" | "toFloat" } | { readonly name: "indent"; readonly width: number };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Why an expression has no value. The message names the variable, never its value. */
export interface ExpressionProblem {
  readonly code: Extract<
    DiagnosticCode,
    "template-syntax" | "template-unsupported" | "env-name" | "env-unset" | "env-conversion"
  >;
  readonly message: string;
  readonly fix?: string;
}

export const OPENING = "${{";
const CLOSING = "}}";
const FUNCTIONS = ["env", "toBool", "toInt", "toFloat", "indent"];
const VARIABLE = /^(?:DECK|GW)_/;
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;
/** Inside JSON and double-quoted YAML the quotes of an expression come with a backslash; no other escape is known. */
const TOKEN = /\s*(?:\\?"((?:[^"\\]|\\(?!"))*)\\?"|`([^`]*)`|(\|)|([^\s"`|\\]+))/y;

/** Start and end of each complete `${{ … }}`, quotes inside respected. An expression never spans lines. */
export function findExpressions(text: string): readonly (readonly [start: number, end: number])[] {
  const found: [number, number][] = [];
  for (let start = text.indexOf(OPENING); start >= 0; ) {
    const end = endOfExpression(text, start);
    if (end !== undefined) found.push([start, end]);
    start = text.indexOf(OPENING, end ?? start + OPENING.length);
  }
  return found;
}

function endOfExpression(text: string, start: number): number | undefined {
  let quote = "";
  for (let index = start + OPENING.length; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === "\n") return undefined;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "`") quote = character;
    else if (text.startsWith(CLOSING, index)) return index + CLOSING.length;
  }
  return undefined;
}

/** Reads one `${{ … }}`. */
export function parseExpression(source: string): Expression | ExpressionProblem {
  const stages = splitStages(source.slice(OPENING.length, -CLOSING.length));
  if ("code" in stages) return stages;
  const [head, ...rest] = stages;
  const operand = parseOperand(head ?? []);
  if ("code" in operand) return operand;
  const pipes: Pipe[] = [];
  for (const stage of rest) {
    const pipe = parsePipe(stage);
    if ("code" in pipe) return pipe;
    pipes.push(pipe);
  }
  return { operand, pipes };
}

/** The one way an expression is kept: load(print(x)) gives it back unchanged. */
export function printExpression({ operand, pipes }: Expression): string {
  const head =
    "text" in operand ? quote(operand.text) : ["env", quote(operand.variable), ...quoteAll(operand.fallback)].join(" ");
  const stages = [head, ...pipes.map((pipe) => (pipe.name === "indent" ? `indent ${pipe.width}` : pipe.name))];
  return `${OPENING} ${stages.join(" | ")} ${CLOSING}`;
}

/** The value as text; `indent` has done its work when a value is put in its place after parsing. */
export function evaluateExpression(
  { operand, pipes }: Expression,
  environment: Environment,
): { readonly value: string } | ExpressionProblem {
  const start = evaluateOperand(operand, environment);
  if ("code" in start) return start;
  let { value } = start;
  for (const pipe of pipes) {
    const next = convert(value, pipe);
    if (next === undefined) return badConversion(operand, pipe);
    value = next;
  }
  return { value };
}

function evaluateOperand(
  operand: Expression["operand"],
  environment: Environment,
): { readonly value: string } | ExpressionProblem {
  if ("text" in operand) return { value: operand.text };
  const value = environment[operand.variable] ?? operand.fallback;
  if (value !== undefined) return { value };
  return {
    code: "env-unset",
    message: `The environment variable ${operand.variable} is not set.`,
    fix: `Set it, or give a default: \${{ env "${operand.variable}" "default" }}.`,
  };
}

function convert(value: string, pipe: Pipe): string | undefined {
  if (pipe.name === "indent") return value;
  if (pipe.name === "toBool") return BOOLEAN.test(value) ? String(/^[1tT]/.test(value)) : undefined;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  const isWanted = pipe.name === "toInt" ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isWanted ? String(number) : undefined;
}

function badConversion(operand: Expression["operand"], pipe: Pipe): ExpressionProblem {
  const wanted = { toBool: "a boolean", toInt: "an integer", toFloat: "a number", indent: "text" }[pipe.name];
  const holder = "text" in operand ? "The text" : `The environment variable ${operand.variable}`;
  return { code: "env-conversion", message: `${holder} does not hold ${wanted}, which ${pipe.name} needs.` };
}

type Token = { readonly text: string } | { readonly word: string };

function splitStages(body: string): Token[][] | ExpressionProblem {
  const stages: Token[][] = [[]];
  const content = body.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < content.length) {
    const match = TOKEN.exec(content);
    if (match === null) return syntaxProblem("A quote has no end.");
    const [, quoted, raw, bar, word] = match;
    if (bar !== undefined) stages.push([]);
    else if (word === undefined) stages.at(-1)?.push({ text: quoted ?? raw ?? "" });
    else stages.at(-1)?.push({ word });
  }
  return stages;
}

function parseOperand(tokens: readonly Token[]): Expression["operand"] | ExpressionProblem {
  const [first, variable, fallback, extra] = tokens;
  if (first === undefined) return syntaxProblem("The expression is empty.");
  if ("text" in first)
    return variable === undefined ? { text: first.text } : syntaxProblem("Nothing may follow a text but a pipe.");
  if (first.word !== "env") return unsupported(first.word);
  if (variable === undefined || !("text" in variable))
    return syntaxProblem('env needs the name of a variable in quotes: env "DECK_X".');
  if (extra !== undefined || (fallback !== undefined && !("text" in fallback))) {
    return syntaxProblem('env takes a name and at most one default, both in quotes: env "DECK_X" "default".');
  }
  if (!VARIABLE.test(variable.text)) return badName(variable.text);
  return { variable: variable.text, ...(fallback === undefined ? {} : { fallback: fallback.text }) };
}

function parsePipe(tokens: readonly Token[]): Pipe | ExpressionProblem {
  const [first, argument, extra] = tokens;
  if (first === undefined || !("word" in first)) return syntaxProblem("A pipe needs a function behind it.");
  const name = first.word;
  if (name === "indent") {
    const isWidth =
      argument !== undefined && "word" in argument && /^\d{1,3}$/.test(argument.word) && extra === undefined;
    return isWidth
      ? { name, width: Number(argument.word) }
      : syntaxProblem("indent needs the number of spaces: indent 8.");
  }
  if (name !== "toBool" && name !== "toInt" && name !== "toFloat") return unsupported(name);
  return argument === undefined ? { name } : syntaxProblem(`${name} takes no argument.`);
}

/** Quotes names only: anything else could be a secret that stands where a name was expected. */
function badName(name: string): ExpressionProblem {
  const isName = /^[A-Za-z_]\w{0,80}$/.test(name);
  return {
    code: "env-name",
    message: `The environment variable${isName ? ` "${name}"` : ""} cannot be used: only names that begin with DECK_ or GW_ can.`,
    ...(isName ? { fix: `Rename it to DECK_${name}.` } : {}),
  };
}

function unsupported(word: string): ExpressionProblem {
  const isName = /^[A-Za-z]\w{0,20}$/.test(word);
  return {
    code: "template-unsupported",
    message: `The template action${isName ? ` "${word}"` : ""} is not supported.${didYouMean(word, FUNCTIONS)}`,
    fix: 'Use env "DECK_X", with a default as second argument, and the pipes toBool, toInt, toFloat and indent.',
  };
}

function syntaxProblem(message: string): ExpressionProblem {
  return { code: "template-syntax", message };
}

function quote(text: string): string {
  return /["\\]/.test(text) ? `\`${text}\`` : `"${text}"`;
}

function quoteAll(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [quote(text)];
}
