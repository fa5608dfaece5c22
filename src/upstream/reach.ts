import { untilAborted } from "../core/abort.ts";
import { toUpstreamError } from "./failure.ts";
import { bareHostname, connector, type ConnectorSettings, hostAndPort } from "./pools.ts";

/** How long a connection may take, TLS included, in milliseconds; a signal ends the wait before. */
const CONNECT_MS = 10_000;

/** Contract: Upstream.reach. */
export async function reach(origin: string, settings: ConnectorSettings, signal: AbortSignal): Promise<void> {
  const url = new URL(origin);
  const { protocol, host, port } = url;
  const connect = connector(url, CONNECT_MS, settings);
  await untilAborted(
    signal,
    async () =>
      await new Promise<void>((resolve, reject) => {
        connect({ protocol, hostname: bareHostname(url), host, port }, (error, socket) => {
          socket?.destroy();
          if (error === null) resolve();
          else reject(toUpstreamError(error, { host: hostAndPort(url), isSent: false, hasHead: false }));
        });
      }),
  );
}
