import type { Diagnostic, Place } from "../core/diagnostics.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import {
  type Environment,
  evaluateExpression,
  type Expression,
  type ExpressionProblem,
  findExpressions,
  OPENING,
  parseExpression,
  printExpression,
} from "./expression.ts";
import type { ParsedDocument } from "./parsed-document.ts";
import { type Path, printPath, printPointer } from "./path.ts";
import { resolvePlainScalar } from "./plain-scalar.ts";

/**
 * Expressions are hidden behind placeholders of equal length before parsing, so that their quotes and braces do not disturb YAML and
 * columns stay true. A placeholder is made of private-use characters: START, the number of the expression in digits, END.
 */
export interface HiddenText {
  readonly text: string;
  readonly expressions: readonly HiddenExpression[];
}

interface HiddenExpression {
  readonly source: string;
  readonly offset: number;
}

export interface RenderedDocument {
  readonly value: Json;
  /** JSON pointer → the value with its expressions, for values that had any. */
  readonly templates: ReadonlyMap<string, string>;
  /** JSON pointers of values that could not be made; the template stands in their place, and no check should look at them. */
  readonly broken: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}

const START = "\uE000";
const END = "\uE001";
const FIRST_DIGIT = 0xe010;
const BASE = 64;
const PLACEHOLDER = /\uE000([\uE010-\uE04F]+)\uE001/g;

/** The offset of a character that the placeholders need for themselves; undefined in any ordinary text. */
export function reservedCharacter(text: string): number | undefined {
  const index = text.search(/[\uE000\uE001]/);
  return index < 0 ? undefined : index;
}

export function hideExpressions(text: string): HiddenText {
  const expressions: HiddenExpression[] = [];
  let hidden = "";
  let position = 0;
  for (const [start, end] of findExpressions(text)) {
    const source = text.slice(start, end);
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    hidden += text.slice(position, start) + placeholder(expressions.length, source, start === lineStart);
    expressions.push({ source, offset: start });
    position = end;
  }
  return { text: hidden + text.slice(position), expressions };
}

/** At the start of a line `indent N` keeps a block scalar together, so its spaces must be there before parsing. */
function placeholder(index: number, source: string, isLineStart: boolean): string {
  const width = isLineStart ? Number(/\|\s*indent\s+(\d+)\s*\}\}$/.exec(source)?.[1] ?? 0) : 0;
  const spaces = Math.min(width, source.length - 5);
  return (
    " ".repeat(spaces) +
    START +
    encode(index).padStart(source.length - spaces - 2, String.fromCharCode(FIRST_DIGIT)) +
    END
  );
}

function encode(index: number): string {
  const rest = Math.floor(index / BASE);
  return (rest > 0 ? encode(rest) : "") + String.fromCharCode(FIRST_DIGIT + (index % BASE));
}

function decode(digits: string): number {
  let index = 0;
  for (const digit of digits) index = index * BASE + (digit.charCodeAt(0) - FIRST_DIGIT);
  return index;
}

/** Puts the value of each expression in its place. Only expressions that reached a value count: those in comments are gone. */
export function renderDocument(
  document: ParsedDocument,
  hidden: HiddenText,
  environment: Environment,
  placeAt: (offset: number) => Place,
): RenderedDocument {
  return new Renderer(document, hidden, environment, placeAt).render();
}

class Renderer {
  readonly #document: ParsedDocument;
  readonly #hidden: HiddenText;
  readonly #environment: Environment;
  readonly #placeAt: (offset: number) => Place;
  readonly #templates = new Map<string, string>();
  readonly #broken = new Set<string>();
  readonly #diagnostics = new Map<string, Diagnostic>();

  constructor(
    document: ParsedDocument,
    hidden: HiddenText,
    environment: Environment,
    placeAt: (offset: number) => Place,
  ) {
    this.#document = document;
    this.#hidden = hidden;
    this.#environment = environment;
    this.#placeAt = placeAt;
  }

  render(): RenderedDocument {
    const hasAny = this.#hidden.expressions.length > 0 || this.#hidden.text.includes(OPENING);
    const value = hasAny ? this.#renderValue(this.#document.value, []) : this.#document.value;
    return { value, templates: this.#templates, broken: this.#broken, diagnostics: [...this.#diagnostics.values()] };
  }

  #renderValue(value: Json, path: Path): Json {
    if (typeof value === "string") return this.#renderText(value, path);
    if (Array.isArray(value)) return value.map((item: Json, index) => this.#renderValue(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    for (const key of Object.keys(value)) if (key.includes(START) || key.includes(OPENING)) this.#refuseKey(path, key);
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#renderValue(member, [...path, key])]),
    );
  }

  #renderText(text: string, path: Path): Json {
    if (text.includes(OPENING)) {
      this.#report(path, this.#document.placeOf(path), unclosed);
      this.#broken.add(printPointer(path));
    }
    if (!text.includes(START)) return text;
    const pointer = printPointer(path);
    const template = text.replaceAll(PLACEHOLDER, (_, digits: string) => this.#printTemplate(digits));
    this.#templates.set(pointer, template);
    const values = [...text.matchAll(PLACEHOLDER)].map(([, digits]) => this.#evaluate(digits ?? "", path));
    if (values.includes(undefined)) {
      this.#broken.add(pointer);
      return template;
    }
    const rendered = text.replaceAll(PLACEHOLDER, () => values.shift() ?? "");
    return this.#document.isPlain(path) ? resolvePlainScalar(rendered) : rendered;
  }

  #evaluate(digits: string, path: Path): string | undefined {
    const hidden = this.#hidden.expressions[decode(digits)];
    if (hidden === undefined) return undefined;
    const expression = parseExpression(hidden.source);
    const result = "code" in expression ? expression : evaluateExpression(expression, this.#environment);
    if (!("code" in result)) return result.value;
    this.#report(path, this.#placeAt(hidden.offset), result);
    return undefined;
  }

  #printTemplate(digits: string): string {
    const source = this.#hidden.expressions[decode(digits)]?.source ?? "";
    const expression: Expression | ExpressionProblem = parseExpression(source);
    return "code" in expression ? source : printExpression(expression);
  }

  #refuseKey(path: Path, key: string): void {
    const message = "An expression cannot stand in a key.";
    this.#report(path, this.#document.keyPlaceOf([...path, key]), { code: "template-unsupported", message });
    this.#broken.add(printPointer(path)).add(printPointer([...path, key]));
  }

  /** An alias may bring the same expression to several places: it is reported once. */
  #report(path: Path, place: Place, problem: ExpressionProblem): void {
    const key = `${place.line}:${place.column}:${problem.code}`;
    if (!this.#diagnostics.has(key))
      this.#diagnostics.set(key, { severity: "error", ...problem, place, path: printPath(path) });
  }
}

const unclosed: ExpressionProblem = {
  code: "template-syntax",
  message: "An expression that begins with ${{ has no }} on its line.",
  fix: 'Close it, or write ${{ "${{" }} for the characters themselves.',
};
