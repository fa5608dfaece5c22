import { statSync } from "node:fs";

/** How often files are looked at, in milliseconds: editors replace files, which events miss. */
const POLL_MS = 250;

/** Files, and how they looked when they were last read: a change is told even if it came before anybody watched. */
export class WatchedFiles {
  readonly #seen = new Map<string, string>();

  constructor(paths: readonly string[]) {
    this.add(paths);
  }

  /** More of them, as they look now. */
  add(paths: readonly string[]): void {
    for (const path of paths) if (!this.#seen.has(path)) this.#seen.set(path, look(path));
  }

  /** To be called before the files are read: what changes from now on is told. */
  look(): void {
    for (const path of this.#seen.keys()) this.#seen.set(path, look(path));
  }

  /** Calls back soon after a change; the returned function stops it. Does not keep the process alive. */
  watch(onChange: () => void): () => void {
    const timer = setInterval(() => {
      const isSame = [...this.#seen].every(([path, before]) => look(path) === before);
      if (isSame) return;
      this.look();
      onChange();
    }, POLL_MS);
    timer.unref();
    return () => clearInterval(timer);
  }
}

/** Another text after each change; the empty one while there is no such file. */
function look(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(":");
  } catch {
    return "";
  }
}
