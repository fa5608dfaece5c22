import type { JsonObject } from "../core/json.ts";

/** One request as a simulated provider saw it. Times are milliseconds since the epoch. */
export interface SimulatedRequest {
  readonly provider: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  /** Undefined when the body is no JSON object. */
  readonly body: JsonObject | undefined;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly at: number;
  /** Status of the head that was sent. */
  readonly status: number | undefined;
  /** When the answer was complete. */
  readonly answeredAt: number | undefined;
  /** When the client went away before the answer was complete. */
  readonly abortedAt: number | undefined;
}

type Predicate = (request: SimulatedRequest) => boolean;

interface Waiter {
  readonly predicate: Predicate;
  resolve(request: SimulatedRequest): void;
}

/** What all simulators saw, in the order of arrival. */
export class RequestLog {
  readonly requests: SimulatedRequest[] = [];
  readonly #waiters = new Set<Waiter>();

  /** The returned function changes the entry as its request goes on. */
  add(request: SimulatedRequest): (change: Partial<SimulatedRequest>) => void {
    const index = this.requests.push(request) - 1;
    let latest = request;
    this.#tell(latest);
    return (change) => {
      latest = { ...latest, ...change };
      this.requests[index] = latest;
      this.#tell(latest);
    };
  }

  /** The first request, past or future, for which `predicate` holds. */
  async until(predicate: Predicate): Promise<SimulatedRequest> {
    const found = this.requests.find(predicate);
    if (found !== undefined) return found;
    return await new Promise((resolve) => {
      this.#waiters.add({ predicate, resolve });
    });
  }

  #tell(request: SimulatedRequest): void {
    for (const waiter of this.#waiters) {
      if (!waiter.predicate(request)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(request);
    }
  }
}
