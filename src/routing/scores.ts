/** What was expected of one prompt and what came of it, as classes. */
export interface Outcome {
  readonly expect: string;
  readonly got: string;
}

export interface ClassScore {
  readonly target: string;
  /** null when nothing was sent there. */
  readonly precision: number | null;
  /** null when nothing belongs there. */
  readonly recall: number | null;
  readonly f1: number;
  /** Prompts that belong there. */
  readonly support: number;
}

/** Rows are what was expected, columns what came. */
export type Confusion = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Share of right outcomes; 0 of none. */
export function accuracyOf(outcomes: readonly Outcome[]): number {
  const right = outcomes.filter(({ expect, got }) => expect === got).length;
  return outcomes.length === 0 ? 0 : right / outcomes.length;
}

/** One score a class, in the order of `classes`. */
export function scoreClasses(outcomes: readonly Outcome[], classes: readonly string[]): readonly ClassScore[] {
  return classes.map((target) => {
    const support = outcomes.filter(({ expect }) => expect === target).length;
    const sent = outcomes.filter(({ got }) => got === target).length;
    const right = outcomes.filter(({ expect, got }) => expect === target && got === target).length;
    return {
      target,
      precision: sent === 0 ? null : right / sent,
      recall: support === 0 ? null : right / support,
      f1: right === 0 ? 0 : (2 * right) / (support + sent),
      support,
    };
  });
}

/** Mean F1 of the classes that something belongs to or was sent to. */
export function macroF1(scores: readonly ClassScore[]): number {
  const counted = scores.filter(({ support, precision }) => support > 0 || precision !== null);
  return counted.length === 0 ? 0 : counted.reduce((sum, { f1 }) => sum + f1, 0) / counted.length;
}

export function confusionOf(outcomes: readonly Outcome[], classes: readonly string[]): Confusion {
  const gots = [...new Set([...classes, ...outcomes.map(({ got }) => got)])];
  const count = (expect: string, got: string): number =>
    outcomes.filter((outcome) => outcome.expect === expect && outcome.got === got).length;
  return Object.fromEntries(
    classes.map((expect) => [expect, Object.fromEntries(gots.map((got) => [got, count(expect, got)]))]),
  );
}
