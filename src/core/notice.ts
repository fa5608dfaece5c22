/** Something an operator should read that stops nothing. Layers below observability hand notices to their caller's `notify`. */
export interface Notice {
  /** Stable, kebab-case: `vector-store-away`, `secret-without-scheme`. */
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export type Notify = (notice: Notice) => void;
