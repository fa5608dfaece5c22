import { ConfigError } from "../core/errors.ts";
import { compileLinear, type LinearExpression } from "../core/linear-expression.ts";

/** Kong marks a regular expression in `paths` with a tilde. */
export function isRegexPath(path: string): boolean {
  return path.startsWith("~");
}

/** A regular expression of `paths`, to be matched at the start of the path. Throws ConfigError as `compileExpression` does. */
export function compileRegexPath(path: string, routeName: string): LinearExpression {
  return compileExpression(path.slice(1), { where: `Route "${routeName}" has the path "${path}"` });
}

/** Throws ConfigError when the engine cannot read `source`; `where` begins its message. */
export function compileExpression(
  source: string,
  options: { readonly ignoresCase?: boolean; readonly where: string },
): LinearExpression {
  try {
    return compileLinear(source, options);
  } catch {
    throw new ConfigError(
      `${options.where}, which is not a regular expression that gw can compile. Correct it, or use plain text.`,
      [],
    );
  }
}

const special = new Set("\\^$.|?*+()[]{}");
const quantifiers = new Set("?*+{");

/**
 * The characters with which every match of a regular expression begins; empty when that is not certain. The router looks regular
 * expressions up by it, so that most of them are never run.
 */
export function literalPrefix(path: string): string {
  const source = path.slice(1);
  if (hasTopLevelAlternative(source)) return "";
  let end = 0;
  while (end < source.length && !special.has(source.charAt(end))) end += 1;
  const isLastOptional = quantifiers.has(source.charAt(end));
  return source.slice(0, isLastOptional ? Math.max(0, end - 1) : end);
}

function hasTopLevelAlternative(source: string): boolean {
  let depth = 0;
  let isInClass = false;
  for (let index = 0; index < source.length; index += 1) {
    const character = source.charAt(index);
    if (character === "\\") index += 1;
    else if (isInClass) isInClass = character !== "]";
    else if (character === "[") isInClass = true;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "|" && depth === 0) return true;
  }
  return false;
}
