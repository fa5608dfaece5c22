import type { Embedder } from "../embeddings/embedder.ts";
import { mistralDialect, openaiDialect } from "./dialects.ts";
import { RequestLog, type SimulatedRequest } from "./request-log.ts";
import { type Simulator, startSimulator } from "./simulator.ts";

export interface SimulatorOptions {
  /** What each provider accepts as its bearer key. */
  readonly keys: { readonly openai: string; readonly mistral: string };
  /** Behind `/v1/embeddings`; closed by its owner. */
  readonly embedder: Embedder;
  /** A loopback address; 127.0.0.1 when absent. */
  readonly host?: string;
}

export interface Simulators {
  readonly openai: Simulator;
  readonly mistral: Simulator;
  /** What both have seen, in the order of arrival. */
  readonly requests: readonly SimulatedRequest[];
  /** The first request, past or future, for which `predicate` holds. */
  until(predicate: (request: SimulatedRequest) => boolean): Promise<SimulatedRequest>;
  /** `host:port` of the real service → its simulator: the map that `--connect-to` fills. */
  readonly connectTo: ReadonlyMap<string, URL>;
  close(): Promise<void>;
}

/** OpenAI and Mistral on loopback: chat as JSON and SSE, embeddings, models. Nothing leaves the machine. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const log = new RequestLog();
  const shared = { embedder: options.embedder, log, host: options.host ?? "127.0.0.1" };
  const openai = await startSimulator({ ...shared, dialect: openaiDialect, key: options.keys.openai });
  const mistral = await startSimulator({ ...shared, dialect: mistralDialect, key: options.keys.mistral });
  return {
    openai,
    mistral,
    requests: log.requests,
    until: async (predicate) => await log.until(predicate),
    connectTo: new Map([
      [openaiDialect.authority, new URL(openai.origin)],
      [mistralDialect.authority, new URL(mistral.origin)],
    ]),
    close: async () => {
      await Promise.all([openai.close(), mistral.close()]);
    },
  };
}
