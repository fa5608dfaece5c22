import http from "node:http";
import https from "node:https";
import type { HcvClient } from "./client.ts";
import type { HcvSettings } from "./settings.ts";

/** How long one request may take, in milliseconds: a little less than a lookup waits, so that the error can say more. */
const TIMEOUT_MS = 1_900;
/** More than Vault stores in one entry. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Makes a client for each call, so that each has its own signal. The agents are made here and not by the library, which prints when
 * it cannot read a file. Connections are not kept: reads are minutes apart, and a kept one fails after a restart of Vault.
 */
export async function createConnect(settings: HcvSettings): Promise<(signal: AbortSignal) => Promise<HcvClient>> {
  const { default: HashiVault } = await import("hashi-vault-js");
  const { origin, namespace } = settings;
  const isTls = origin.startsWith("https:");
  const httpAgent = new http.Agent({ keepAlive: false });
  return async (signal) => {
    const client = new HashiVault({ baseUrl: `${origin}/v1`, timeout: TIMEOUT_MS, namespace });
    const { defaults } = client.instance as { defaults: object };
    Object.assign(defaults, {
      signal,
      httpAgent,
      httpsAgent: isTls ? new https.Agent(await tlsOptions(settings, signal)) : undefined,
      // HTTPS_PROXY and NO_PROXY hold for TLS only: through a tunnel the proxy sees nothing, a plain request would hand it the token.
      proxy: isTls ? undefined : false,
      maxContentLength: MAX_ANSWER_BYTES,
      maxRedirects: 1,
      beforeRedirect: isTls ? refuseDowngrade : undefined,
    });
    return client as unknown as HcvClient;
  };
}

/** A client certificate is read for each connection, so that it can be rotated. */
async function tlsOptions(
  { isVerified, authority, serverName, login }: HcvSettings,
  signal: AbortSignal,
): Promise<https.AgentOptions> {
  const common = { keepAlive: false, rejectUnauthorized: isVerified, ca: authority, servername: serverName };
  const own = login.kind === "login" ? login.certificate : undefined;
  if (own === undefined) return common;
  const [certificate, key] = await Promise.all([own.certificate.read(signal), own.key.read(signal)]);
  return { ...common, cert: certificate.reveal(), key: key.reveal() };
}

/** A standby node redirects to the active one, and the token goes along: never from https to http. */
function refuseDowngrade(options: { readonly protocol?: string }): void {
  if (options.protocol !== "https:") throw new Error("redirected to http");
}
