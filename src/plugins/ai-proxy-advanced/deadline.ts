import type { Clock } from "../../core/clock.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { Exchange } from "../plugin.ts";
import type { Relay } from "./relay.ts";

/** `gw.deadline_ms`: the time that a request may take, all attempts and the whole answer together. */
export class Deadline {
  readonly #error: UpstreamError;
  readonly #cancel: () => void;
  #relay: Relay | undefined;
  #isOver = false;

  constructor(ms: number, clock: Clock, { startedAt }: Exchange) {
    this.#error = new UpstreamError("GW_DEADLINE", `No complete answer within ${ms} ms (gw.deadline_ms).`);
    this.#cancel = clock.after(Math.max(0, ms - (performance.now() - startedAt)), () => {
      this.#isOver = true;
      this.#relay?.fail(this.#error);
    });
  }

  /** Before something is begun that takes time. Throws GW_DEADLINE. */
  check(): void {
    if (this.#isOver) throw this.#error;
  }

  /** This attempt is ended with the deadline. */
  watch(relay: Relay): void {
    this.#relay = relay;
  }

  stop(): void {
    this.#cancel();
  }
}
