import type { TokenPrices } from "../balancer/balancer.ts";
import type { Runtime } from "../gateway/runtime.ts";
import { type Decided, decidePrompts, type Destination } from "./evaluate.ts";
import { tuningOf } from "./explain.ts";
import type { LabelledPrompt } from "./labelled-prompts.ts";

/** What `gw diff --prompts` adds. */
export interface Impact {
  readonly n: number;
  readonly moved: readonly MovedPrompt[];
  /** Of all prompts together, in the currency of the prices; null when a target that is chosen has none. */
  readonly cost: { readonly before: number; readonly after: number } | null;
}

export interface MovedPrompt {
  readonly id: string;
  readonly prompt: string;
  /** `provider/model`; null when there was no target. */
  readonly from: string | null;
  readonly to: string | null;
}

/** An answer's length is not known beforehand: the same guess for all targets compares their prices. */
const COMPLETION_TOKENS = 256;
const CHARACTERS_A_TOKEN = 4;

/** Where prompts go before and after a change. `before` is undefined when nothing is stored yet. Throws as `decidePrompts` does. */
export async function impactOf(
  before: Runtime | undefined,
  after: Runtime,
  rows: readonly LabelledPrompt[],
  asked: { readonly destination: Destination; readonly signal: AbortSignal },
): Promise<Impact> {
  const old = before === undefined ? undefined : await decideWithCost(before, rows, asked);
  const next = await decideWithCost(after, rows, asked);
  const moved = rows.flatMap(({ id, prompt }, position): readonly MovedPrompt[] => {
    const [from, to] = [targetName(old?.decided[position]), targetName(next.decided[position])];
    return from === to ? [] : [{ id, prompt, from, to }];
  });
  const cost = old?.cost === undefined || next.cost === undefined ? null : { before: old.cost, after: next.cost };
  return { n: rows.length, moved, cost };
}

interface WithCost {
  readonly decided: readonly Decided[];
  readonly cost: number | undefined;
}

async function decideWithCost(
  runtime: Runtime,
  rows: readonly LabelledPrompt[],
  asked: { readonly destination: Destination; readonly signal: AbortSignal },
): Promise<WithCost> {
  const decided = await decidePrompts(runtime, rows, asked);
  const { targets } = tuningOf(runtime, asked.destination);
  let cost: number | undefined = 0;
  for (const { row, choice } of decided) {
    if (choice === undefined) continue;
    const price = costOf(row, targets[choice.selected.index]?.prices);
    cost = price === undefined || cost === undefined ? undefined : cost + price;
  }
  return { decided, cost };
}

function costOf({ messages }: LabelledPrompt, prices: TokenPrices | undefined): number | undefined {
  if (prices === undefined) return undefined;
  const characters = messages.reduce((sum, { content }) => sum + lengthOf(content), 0);
  const prompt = Math.ceil(characters / CHARACTERS_A_TOKEN);
  return (prompt * prices.input + COMPLETION_TOKENS * prices.output) / 1_000_000;
}

function lengthOf(content: unknown): number {
  return typeof content === "string" ? content.length : JSON.stringify(content ?? "").length;
}

function targetName(decided: Decided | undefined): string | null {
  const selected = decided?.choice?.selected;
  return selected === undefined ? null : `${selected.provider}/${selected.model ?? "-"}`;
}
