import { createServer, type Socket } from "node:net";

/** The reply to one command, as RESP2 bytes. */
export type RespHandler = (command: readonly Buffer[]) => string;

export interface RespServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Speaks Redis' protocol (RESP2, commands as arrays of bulk strings) on a free port of `host`. */
export async function startRespServer(handle: RespHandler, host = "127.0.0.1"): Promise<RespServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    answer(socket, handle);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`No port on ${host}.`);
  return {
    host,
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const bulk = (value: string): string => `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
export const array = (items: readonly string[]): string => `*${items.length}\r\n${items.join("")}`;
export const integer = (value: number): string => `:${value}\r\n`;
export const ok = "+OK\r\n";
export const failure = (message: string): string => `-${message}\r\n`;

function answer(socket: Socket, handle: RespHandler): void {
  let unread: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    for (let read = readCommand(unread); read !== undefined; read = readCommand(unread)) {
      unread = unread.subarray(read.length);
      socket.write(handle(read.command), "latin1");
    }
  });
}

/** The first complete command in `bytes`, and how many bytes it took. */
function readCommand(bytes: Buffer): { readonly command: readonly Buffer[]; readonly length: number } | undefined {
  let position = 0;
  const readCount = (mark: string): number | undefined => {
    const end = bytes.indexOf("\r\n", position);
    if (end === -1) return undefined;
    const line = bytes.toString("latin1", position, end);
    if (!line.startsWith(mark)) throw new Error(`Expected ${mark} and a number, got ${line}.`);
    position = end + 2;
    return Number(line.slice(1));
  };
  const count = readCount("*");
  if (count === undefined) return undefined;
  const command: Buffer[] = [];
  for (let index = 0; index < count; index += 1) {
    const length = readCount("$");
    if (length === undefined || bytes.length < position + length + 2) return undefined;
    command.push(bytes.subarray(position, position + length));
    position += length + 2;
  }
  return { command, length: position };
}
