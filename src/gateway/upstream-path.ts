/**
 * Where a request goes below its service: Kong's `path_handling: v0`, which joins with exactly one slash.
 * `prefix` is the part of `path` that the route matched and that is stripped; undefined when nothing is stripped.
 */
export function joinUpstreamPath(servicePath: string | undefined, path: string, prefix: string | undefined): string {
  const base = servicePath ?? "/";
  const front = base.endsWith("/") ? base.slice(0, -1) : base;
  if (prefix === undefined) return path === "/" ? base : front + path;

  const rest = withoutDotSegment(path.slice(prefix.length));
  if (rest.startsWith("/")) return front + rest;
  if (rest !== "") return `${front}/${rest}`;
  const keepsSlash = path.endsWith("/") && (path.length > 1 || base.endsWith("/"));
  return base === "/" || keepsSlash ? `${front}/` : front;
}

/** `/files../secret` under the prefix `/files` must not climb out of the service's path. */
function withoutDotSegment(rest: string): string {
  if (rest === "." || rest === "..") return "";
  if (rest.startsWith("./")) return rest.slice(2);
  return rest.startsWith("../") ? rest.slice(3) : rest;
}
