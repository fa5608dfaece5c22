import type { ChildProcess } from "node:child_process";
import { isJsonObject } from "../../core/json.ts";

/** A connection as Node's cluster has it. */
interface Connection {
  close(): void;
}

/**
 * Node's cluster hands each connection to a worker, and keeps it until the worker has said that it took it. Of a worker that dies before
 * it hears nothing, and the client waits forever. Here the first process says "not taken" in the worker's place, and the cluster hands the
 * connection to another; where there is none it is closed. The messages are Node's own (lib/internal/cluster).
 */
export function watchHandovers(worker: ChildProcess, hasAnother: () => boolean): void {
  const untaken = new Map<number, Connection>();
  noteHandovers(worker, untaken);
  worker.on("internalMessage", (message: unknown) => {
    if (isOfCluster(message) && typeof message["ack"] === "number") untaken.delete(message["ack"]);
  });
  let isKnownToBeGone = false;
  worker.once("disconnect", () => {
    isKnownToBeGone = true;
  });
  worker.once("exit", () =>
    afterLastWords(worker, () => {
      // Node forgets to tell of a worker that dies while a connection is on its way, and would hand it more (child_process, `disconnect`).
      if (!isKnownToBeGone) worker.emit("disconnect");
      for (const [ack, connection] of untaken)
        if (hasAnother()) worker.emit("internalMessage", { cmd: CLUSTER, ack, accepted: false });
        else connection.close();
    }),
  );
}

const CLUSTER = "NODE_CLUSTER";

function noteHandovers(worker: ChildProcess, untaken: Map<number, Connection>): void {
  const send = worker.send.bind(worker) as (...all: readonly unknown[]) => boolean;
  worker.send = (...all: readonly unknown[]): boolean => {
    const [message, handle] = all;
    if (isHandover(message) && isConnection(handle)) untaken.set(message.seq, handle);
    return send(...all);
  };
}

/** What a process has sent can be read after its end. */
function afterLastWords(worker: ChildProcess, then: () => void): void {
  if (worker.connected) setImmediate(afterLastWords, worker, then);
  else then();
}

function isOfCluster(message: unknown): message is Readonly<Record<string, unknown>> {
  return isJsonObject(message) && message["cmd"] === CLUSTER;
}

function isHandover(message: unknown): message is { readonly seq: number } {
  return isOfCluster(message) && message["act"] === "newconn" && typeof message["seq"] === "number";
}

function isConnection(handle: unknown): handle is Connection {
  return typeof handle === "object" && handle !== null && "close" in handle && typeof handle.close === "function";
}
