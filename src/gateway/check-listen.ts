import { once } from "node:events";
import { createServer } from "node:net";
import { cannotListen } from "./listen-error.ts";

/** Whether an address can be had, before much is done to serve there; it is given back. Throws UsageError when it cannot. */
export async function checkListen(host: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen({ host, port }), "listening");
  } catch (error) {
    throw cannotListen(host, port, error as NodeJS.ErrnoException);
  }
  await new Promise((resolve) => server.close(resolve));
}
