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

/** A value with expressions in it, as sensitive fields of a GatewayConfig hold it: `Bearer ${{ env "DECK_KEY" }}`. */
export function hasExpression(text: string): boolean {
  return text.includes(OPENING) && findExpressions(text).length > 0;
}

/** The value with each expression replaced, or the first problem. */
export function evaluateTemplate(
  text: string,
  environment: Environment,
): { readonly value: string } | ExpressionProblem {
  let value = "";
  let position = 0;
  for (const [start, end] of findExpressions(text)) {
    const expression = parseExpression(text.slice(start, end));
    const result = "code" in expression ? expression : evaluateExpression(expression, environment);
    if ("code" in result) return result;
    value += text.slice(position, start) + result.value;
    position = end;
  }
  return { value: value + text.slice(position) };
}

/** Text that must not be read as an expression, as a template that gives it back. */
export function escapeTemplate(text: string): string {
  return text.replaceAll(OPENING, () => printExpression(literalOpening));
}

/** Whether the template shows nothing of its value: it is one expression, without a default. */
export function hidesItsValue(text: string): boolean {
  const [found, another] = findExpressions(text);
  return found?.[0] === 0 && found[1] === text.length && another === undefined && !hasPlainDefault(text);
}

/** Whether an expression brings its value, or a default, along. */
export function hasPlainDefault(text: string): boolean {
  return findExpressions(text).some(([start, end]) => {
    const expression = parseExpression(text.slice(start, end));
    return "code" in expression || !("variable" in expression.operand) || expression.operand.fallback !== undefined;
  });
}

const literalOpening: Expression = { operand: { text: OPENING }, pipes: [] };
