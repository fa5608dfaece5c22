import cluster from "node:cluster";
import type { ProcessAdmin, ProcessHost } from "./run.ts";
import { isFromGw, type Question, type Ready, type Reply } from "./worker-messages.ts";

/** The number of this process among the workers, from 1; undefined in a process that was not started by another gw. */
export function workerNumber(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  return cluster.isWorker ? Number(environment["GW_WORKER"] ?? 1) : undefined;
}

/** The first process is told that this one ends, and no longer keeps it. */
export function leaveWorkers(): void {
  cluster.worker?.disconnect();
}

/** A worker's host: questions and answers go to the first process. */
export const workerHost: ProcessHost = {
  open: async (admin) => {
    const onMessage = (message: unknown): void => {
      if (isFromGw<Question>(message, "question")) void answer(admin, message);
    };
    process.on("message", onMessage);
    return async () => void process.off("message", onMessage);
  },
  ready: (listeners) => tell({ gw: "ready", listeners }),
};

async function answer(admin: ProcessAdmin, { id, about }: Question): Promise<void> {
  try {
    tell({ gw: "reply", id, answer: await admin[about]() });
  } catch {
    tell({ gw: "reply", id, failed: true });
  }
}

/** The first process may be gone: then so is the question. */
function tell(message: Ready | Reply): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
