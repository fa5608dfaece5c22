import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Behaviour, BehaviourSwitch } from "./behaviour.ts";
import { serve, type SimulatorParts } from "./serve.ts";

/** A loopback server that answers as a provider does. */
export interface Simulator {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** How it treats the requests that follow. */
  behave(behaviour: Behaviour): void;
  /** Stops listening and cuts what is open: callers see "connection refused" until `accept`. */
  refuse(): Promise<void>;
  /** Listens again on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function startSimulator(parts: SimulatorParts): Promise<Simulator> {
  const behaviour = new BehaviourSwitch();
  let served = 0;
  const server = createServer((request, response) => {
    served += 1;
    const turn = { number: served, behaviour, isServing: () => server.listening };
    // Reading, waiting and embedding reject when the client leaves: the log has it by then, and nobody waits for an answer.
    serve(parts, turn, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, parts.host, 0);

  return {
    origin: `http://${parts.host}:${port}`,
    behave: (next) => behaviour.set(next),
    refuse: async () => await stop(server),
    accept: async () => {
      if (!server.listening) await listen(server, parts.host, port);
    },
    close: async () => await stop(server),
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
