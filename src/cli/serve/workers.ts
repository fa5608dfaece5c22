import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import type { Clock } from "../../core/clock.ts";
import { watchHandovers } from "./handovers.ts";
import { isFromGw, type Answers, type Question, type Ready, type Reply } from "./worker-messages.ts";

export interface WorkersOptions {
  readonly count: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Once, when all of them serve: what the first said. */
  onReady(listeners: readonly string[]): void;
  /** A worker is gone and was not told to go. */
  onLoss(message: string): void;
}

/** A worker that does not answer within this time is passed over, in milliseconds. */
const ANSWER_MS = 2_000;
/** Between the death of a worker and its successor, in milliseconds: at once for the first, twice as long after each that never served. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

interface Place {
  readonly number: number;
  worker: Worker;
  isReady: boolean;
  failures: number;
}

/**
 * The processes that serve. Each runs this command line again, with GW_WORKER set to its number. The others begin when the first one
 * serves: what keeps it from that is said once.
 */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #places: Place[] = [];
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #over: Promise<number>;
  #finish: (exitCode: number) => void = () => {};
  #hasServed = false;
  #questions = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    cluster.setupPrimary({ silent: false });
    this.#add(1);
    options.signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  /** Settles with the exit code when all have ended: after the signal, or because none could begin. */
  async ended(): Promise<number> {
    return await this.#over;
  }

  /** Why not all of them serve. */
  problems(): readonly string[] {
    const numbers = Array.from({ length: this.#options.count }, (_, index) => index + 1);
    const ready = new Set(this.#places.filter(({ isReady }) => isReady).map(({ number }) => number));
    return numbers.filter((number) => !ready.has(number)).map((number) => `worker ${number} is not serving yet`);
  }

  /** The answers of those that serve. */
  async ask<About extends keyof Answers>(about: About): Promise<readonly Answers[About][]> {
    const asked = this.#places.filter(({ isReady }) => isReady).map(({ worker }) => this.#askOne(worker, about));
    const replies = await Promise.all(asked);
    return replies.flatMap((reply) =>
      reply !== undefined && "answer" in reply ? [reply.answer as Answers[About]] : [],
    );
  }

  async #askOne(worker: Worker, about: keyof Answers): Promise<Reply | undefined> {
    this.#questions += 1;
    const id = this.#questions;
    const question: Question = { gw: "question", id, about };
    try {
      return await new Promise((resolve) => {
        this.#waiting.set(id, resolve);
        this.#options.clock.after(ANSWER_MS, () => resolve(undefined));
        worker.send(question, (error) => error !== null && resolve(undefined));
      });
    } finally {
      this.#waiting.delete(id);
    }
  }

  #add(number: number): void {
    const place = { number, worker: this.#fork(number), isReady: false, failures: 0 };
    this.#places.push(place);
    this.#attend(place);
  }

  #fork(number: number): Worker {
    return cluster.fork({ GW_WORKER: String(number) });
  }

  #attend(place: Place): void {
    const { worker } = place;
    worker.on("message", (message: unknown) => {
      if (isFromGw<Ready>(message, "ready")) this.#onReady(place, message);
      else if (isFromGw<Reply>(message, "reply")) this.#waiting.get(message.id)?.(message);
    });
    watchHandovers(worker.process, () => this.#places.some((other) => other !== place && other.isReady));
    worker.once("exit", (code: number | null, signal: string | null) => this.#onExit(place, code, signal));
    worker.on("error", () => {});
  }

  #onReady(place: Place, { listeners }: Ready): void {
    place.isReady = true;
    place.failures = 0;
    const { count } = this.#options;
    if (this.#places.length === 1) for (let number = 2; number <= count; number += 1) this.#add(number);
    if (this.#hasServed || this.problems().length > 0) return;
    this.#hasServed = true;
    this.#options.onReady(listeners);
  }

  #onExit(place: Place, code: number | null, signal: string | null): void {
    place.isReady = false;
    if (this.#options.signal.aborted) this.#finishWhenAllEnded();
    else if (!this.#hasServed) this.#giveUp(code ?? 1);
    else this.#replace(place, signal ?? `exit code ${code}`);
  }

  #replace(place: Place, reason: string): void {
    const pause = place.failures === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (place.failures - 1));
    place.failures += 1;
    this.#options.onLoss(`Worker ${place.number} has ended (${reason}). Another takes its place.`);
    this.#options.clock.after(pause, () => {
      if (this.#options.signal.aborted) return;
      place.worker = this.#fork(place.number);
      this.#attend(place);
    });
  }

  /** What keeps one worker from beginning keeps them all. */
  #giveUp(exitCode: number): void {
    for (const { worker } of this.#places) worker.process.kill("SIGTERM");
    void Promise.all(this.#places.map(({ worker }) => exitOf(worker))).then(() => this.#finish(exitCode || 1));
  }

  #stop(): void {
    for (const { worker } of this.#places) worker.process.kill("SIGTERM");
    this.#finishWhenAllEnded();
  }

  #finishWhenAllEnded(): void {
    if (this.#places.every(({ worker }) => worker.isDead())) this.#finish(0);
  }
}

async function exitOf(worker: Worker): Promise<void> {
  if (!worker.isDead()) await once(worker, "exit");
}
