import type { ShownConfig } from "../../admin/entities.ts";
import type { StatusFacts } from "../../admin/status.ts";
import type { MetricValues } from "../../observability/metrics.ts";

/** What the first process asks of its workers for the admin listener. */
export interface Question {
  readonly gw: "question";
  readonly id: number;
  readonly about: keyof Answers;
}

export interface Answers {
  readonly facts: StatusFacts;
  readonly problems: readonly string[];
  readonly entities: ShownConfig;
  readonly metricValues: MetricValues;
}

export type Reply = { readonly gw: "reply"; readonly id: number } & (
  | { readonly answer: Answers[keyof Answers] }
  | { readonly failed: true }
);

/** A worker serves; each listener is a line. */
export interface Ready {
  readonly gw: "ready";
  readonly listeners: readonly string[];
}

/** Other libraries send messages, too. */
export function isFromGw<T extends { readonly gw: string }>(message: unknown, kind: T["gw"]): message is T {
  return typeof message === "object" && message !== null && "gw" in message && message.gw === kind;
}
