export type Severity = "error" | "warning";

/** A place in one of the user's files. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * One finding about the user's configuration. Diagnostics are collected and shown all at once; they are never thrown one by one.
 * `message` says what is wrong and where (names, not values of secrets); `fix` says what to do.
 */
export interface Diagnostic {
  readonly severity: Severity;
  /** Stable, kebab-case, documented in docs/diagnostics.md. */
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
  readonly place?: Place;
  /** Dotted path in the document: `services.0.routes.1.paths`. */
  readonly path?: string;
  /** The other place of a duplicate. */
  readonly related?: readonly { readonly message: string; readonly place: Place }[];
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** By file, line and column; findings without a place come last. The order of equals is kept. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => {
    if (a.place === undefined || b.place === undefined)
      return Number(a.place === undefined) - Number(b.place === undefined);
    return a.place.file.localeCompare(b.place.file) || a.place.line - b.place.line || a.place.column - b.place.column;
  });
}
