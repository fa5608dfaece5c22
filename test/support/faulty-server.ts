import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export interface FaultyServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A loopback server that does `misbehave` to each connection once a whole request has been read, and nothing more. With `reads: false` it
 * reads nothing at all.
 */
export async function startFaultyServer(
  misbehave: (socket: Socket) => void,
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<FaultyServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: !reads }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (!reads) return;
    let received = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (isWhole(received)) {
        received = "";
        misbehave(socket);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return head >= 0 && text.length - head - 4 >= Number(length ?? 0);
}
