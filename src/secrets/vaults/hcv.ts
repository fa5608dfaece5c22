import http from "node:http";
import https from "node:https";
import type { VaultDefinition } from "../vault.ts";
import type { HcvClient } from "./hcv/client.ts";
import { createLogin } from "./hcv/login.ts";
import { checkReference } from "./hcv/path.ts";
import { readSecret } from "./hcv/read.ts";
import { type HcvSettings, readSettings } from "./hcv/settings.ts";

/** How long one request may take, in milliseconds: a little less than a lookup waits, so that the error can say more. */
const TIMEOUT_MS = 1_900;
/** More than Vault stores in one entry. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** HashiCorp Vault and OpenBao: key-value secrets of version 1 and 2, with a token or an AppRole login. */
export const hcvVault: VaultDefinition = {
  name: "hcv",
  async create(config, { environment, notify }) {
    const settings = await readSettings(config, environment);
    if (!settings.isVerified && settings.origin.startsWith("https:")) {
      const message = `ssl_verify is off for Vault at ${settings.origin}: whoever stands between can read the token and every secret.`;
      notify({ code: "vault-not-verified", message });
    }
    const connect = await createConnect(settings);
    const closing = new AbortController();
    const login = createLogin(settings, () => connect(closing.signal));
    return {
      name: "hcv",
      check: (reference) => checkReference(settings, reference),
      async read(reference, { signal }) {
        signal.throwIfAborted();
        const client = connect(AbortSignal.any([signal, closing.signal]));
        return await readSecret(settings, client, login, reference);
      },
      async close() {
        closing.abort();
      },
    };
  },
};

/**
 * Makes a client for each call, so that each has its own signal. The agents are made here and not by the library, which prints when
 * it cannot read a file. Connections are not kept: reads are minutes apart, and a kept one fails after a restart of Vault.
 */
async function createConnect({
  origin,
  namespace,
  authority,
  isVerified,
}: HcvSettings): Promise<(signal: AbortSignal) => HcvClient> {
  const { default: HashiVault } = await import("hashi-vault-js");
  const settings = {
    httpAgent: new http.Agent({ keepAlive: false }),
    httpsAgent: new https.Agent({ keepAlive: false, rejectUnauthorized: isVerified, ca: authority }),
    maxContentLength: MAX_ANSWER_BYTES,
    maxRedirects: 1,
    beforeRedirect: origin.startsWith("https:") ? refuseDowngrade : undefined,
  };
  return (signal) => {
    const client = new HashiVault({ baseUrl: `${origin}/v1`, timeout: TIMEOUT_MS, namespace });
    const { defaults } = client.instance as { defaults: object };
    Object.assign(defaults, settings, { signal });
    return client as unknown as HcvClient;
  };
}

/** A standby node redirects to the active one, and the token goes along: never from https to http. */
function refuseDowngrade(options: { readonly protocol?: string }): void {
  if (options.protocol !== "https:") throw new Error("redirected to http");
}
