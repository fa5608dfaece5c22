import { demoPath, demoReferences, type TourPrompt } from "./scenario.ts";
import type { Simulators } from "./simulators.ts";

export interface TourRow extends TourPrompt {
  readonly status: number;
  /** The model that answered, from X-Kong-LLM-Model; undefined when none did. */
  readonly target: string | undefined;
  /** Of the prompt to the chosen target's description, from X-GW-Route; undefined for CATCHALL. */
  readonly distance: number | undefined;
  /** The reference whose value the provider received; undefined when none was asked or the key is none of the demo's. */
  readonly keyReference: string | undefined;
  /** From sending the request to the last byte of its answer. */
  readonly ms: number;
  /** The expected model answered, and it was asked with a key of the demo. */
  readonly isRight: boolean;
}

export interface TourOptions {
  /** Of the running gateway: `http://127.0.0.1:8000`. */
  readonly origin: string;
  readonly prompts: readonly TourPrompt[];
  readonly simulators: Pick<Simulators, "requests">;
  readonly signal: AbortSignal;
}

/** Sends each prompt to the gateway, one after the other. A failed request is a row; rejects only when the gateway is away or on abort. */
export async function runTour(options: TourOptions): Promise<readonly TourRow[]> {
  const rows: TourRow[] = [];
  for (const prompt of options.prompts) rows.push(await visit(prompt, options));
  return rows;
}

async function visit(stop: TourPrompt, { origin, simulators, signal }: TourOptions): Promise<TourRow> {
  const seenBefore = simulators.requests.length;
  const startedAt = performance.now();
  const response = await fetch(`${origin}${demoPath}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-gw-debug": "route" },
    body: JSON.stringify({ messages: [{ role: "user", content: stop.prompt }] }),
    signal,
  });
  await response.arrayBuffer();
  const ms = performance.now() - startedAt;

  const target = modelOf(response.headers.get("x-kong-llm-model"));
  const keyReference = referenceSeen(simulators.requests.slice(seenBefore));
  return {
    ...stop,
    status: response.status,
    target,
    distance: readDistance(response.headers.get("x-gw-route")),
    keyReference,
    ms,
    isRight: response.ok && target === stop.expect && keyReference !== undefined,
  };
}

/** `openai/gpt-4o` without the provider. */
function modelOf(header: string | null): string | undefined {
  return header === null ? undefined : header.slice(header.indexOf("/") + 1);
}

function referenceSeen(requests: Simulators["requests"]): string | undefined {
  const chat = requests.findLast((request) => request.path.endsWith("/chat/completions"));
  return demoReferences.get(chat?.authorization?.replace(/^Bearer /, "") ?? "");
}

/** Of `nearest; target=1; distance=0.6112; threshold=0.8`. */
export function readDistance(header: string | null): number | undefined {
  const written = /(?:^|; )distance=([^;]+)/.exec(header ?? "")?.[1];
  return written === undefined ? undefined : Number(written);
}
