/** Keys and indexes from the root of a document, or of an entity. */
export type Path = readonly (string | number)[];

/** `services.0.routes.1`, as diagnostics show it. */
export function printPath(path: Path): string {
  return path.join(".");
}

/** The inverse of printPath for keys without dots; indexes come back as text, which every lookup accepts. */
export function parsePath(text: string): Path {
  return text === "" ? [] : text.split(".");
}

/** RFC 6901. */
export function printPointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export function parsePointer(pointer: string): Path {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
