import { type IncomingMessage, type RequestOptions, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

/**
 * A connection through an HTTP proxy to `authority` (`api.openai.com:443`), by CONNECT. Rejects with what Node says when the proxy cannot be
 * reached in `ms` milliseconds, and with the code ERR_PROXY_REFUSED when it answers anything but success.
 */
export function openTunnel(proxy: URL, authority: string, ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      host: proxy.hostname.startsWith("[") ? proxy.hostname.slice(1, -1) : proxy.hostname,
      port: proxy.port === "" ? defaultPort(proxy) : Number(proxy.port),
      method: "CONNECT",
      path: authority,
      headers: { Host: authority, ...authorization(proxy) },
      agent: false,
      timeout: ms,
    };
    const asked = proxy.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(Object.assign(new Error("The proxy is silent."), { code: "ETIMEDOUT" })));
    asked.on("response", (answer: IncomingMessage) => refuse(answer));
    asked.on("connect", (answer: IncomingMessage, socket: Socket) => {
      if (answer.statusCode !== 200) refuse(answer);
      else resolve(socket.setTimeout(0));
    });
    asked.end();

    function refuse(answer: IncomingMessage): void {
      answer.socket.destroy();
      const code = `ERR_PROXY_REFUSED_${answer.statusCode}`;
      reject(Object.assign(new Error("The proxy refused to connect."), { code }));
    }
  });
}

function defaultPort({ protocol }: URL): number {
  return protocol === "https:" ? 443 : 80;
}

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "") return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(text).toString("base64")}` };
}
