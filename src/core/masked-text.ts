/** What stands where a secret is not shown. */
export const MASK = "[masked]";

/** How a text that may be a secret is shown: references and expressions stay readable, for they say where a secret is, not what it is. */
export function maskText(value: string): string {
  return isReference(value) ? withoutFallbacks(value) : MASK;
}

const REFERENCE = /\{vault:\/\/[^{}]*\}|\$\{\{.*?\}\}/gs;
/** What may stand before a reference in a header without being a secret itself. */
const SCHEME = /^(?:(?:Bearer|Basic|Token|Key|ApiKey|Api-Key) +)?$/i;

/** Whether nothing of the text is a secret itself: vault references and `${{ env … }}` expressions. */
function isReference(value: string): boolean {
  return value.search(REFERENCE) !== -1 && SCHEME.test(value.replaceAll(REFERENCE, ""));
}

/** The second argument of `env` is a value, and may be a secret: of the quoted texts only the variable's name is shown. */
function withoutFallbacks(value: string): string {
  return value.replaceAll(/\$\{\{.*?\}\}/gs, (expression) => {
    let seen = 0;
    return expression.replaceAll(/"(?:\\.|[^"\\])*"|`[^`]*`/g, (text) => (seen++ === 0 ? text : `"${MASK}"`));
  });
}
