/** Escapes what would break the line or steer a terminal, and nothing else: decK prints quotes and backslashes as they are. */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const quoted = JSON.stringify(character).slice(1, -1);
    return quoted === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : quoted;
  });
}
