/**
 * The path that routes are compared with, by Kong's rules: escapes of unreserved characters decoded and the rest in upper case, dot
 * segments removed (RFC 3986, 5.2.4), neighbouring slashes merged. `path` has no query.
 */
export function normalisePath(path: string): string {
  const decoded = path.includes("%") ? path.replace(/%[\da-f]{2}/gi, normaliseEscape) : path;
  return decoded.includes("/.") || decoded.includes("//") ? resolveSegments(decoded) : decoded;
}

function normaliseEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
}

function resolveSegments(path: string): string {
  const segments: string[] = [];
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "..") segments.pop();
    else if (part !== "" && part !== ".") segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = last === "" || last === "." || last === "..";
  return `/${segments.join("/")}${isFolder && segments.length > 0 ? "/" : ""}`;
}
