import { createRequire } from "node:module";
import type * as Re2 from "re2js";

/** A regular expression whose matching takes time in proportion to the text, whatever the expression is. */
export interface LinearExpression {
  test(text: string): boolean;
  /** The part at the beginning of `text` that matches, and its named groups; undefined when there is none. */
  matchStart(text: string): StartMatch | undefined;
}

export interface StartMatch {
  readonly text: string;
  /** undefined when the expression names none. */
  readonly groups: Readonly<Record<string, string>> | undefined;
}

/** A quarter of a megabyte: for those who have regular expressions. */
const load = createRequire(import.meta.url);
let engine: typeof Re2 | undefined;

/**
 * RE2's syntax, as Kong's: no lookaround and no references back, which is what makes matching slow. Throws whatever the engine says of an
 * expression that it cannot read.
 */
export function compileLinear(source: string, { ignoresCase = false } = {}): LinearExpression {
  const { RE2JS } = (engine ??= load("re2js") as typeof Re2);
  const compiled = RE2JS.compile(source, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0);
  const names = Object.keys(compiled.namedGroups());
  return {
    test: (text) => compiled.matcher(text).find(),
    matchStart(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.lookingAt()) return undefined;
      const groups = names.flatMap((name) => {
        const value = matcher.group(name);
        return value === null ? [] : [[name, value] as const];
      });
      return { text: matcher.group() ?? "", groups: names.length === 0 ? undefined : Object.fromEntries(groups) };
    },
  };
}
