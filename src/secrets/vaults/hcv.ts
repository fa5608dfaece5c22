import type { VaultDefinition, VaultServices } from "../vault.ts";
import { createConnect } from "./hcv/connect.ts";
import { LoginSession } from "./hcv/login-session.ts";
import { checkReference } from "./hcv/path.ts";
import { probe } from "./hcv/probe.ts";
import { readSecret } from "./hcv/read.ts";
import type { HcvSession, SessionServices } from "./hcv/session.ts";
import { type HcvSettings, readSettings } from "./hcv/settings.ts";
import { TokenSession } from "./hcv/token-session.ts";

/** How long references to Vault's own address may take, in milliseconds. */
const OPEN_MS = 2_000;

/** HashiCorp Vault and OpenBao: key-value secrets of version 1 and 2, with a token or any of the logins in hcv/logins.ts. */
export const hcvVault: VaultDefinition = {
  name: "hcv",
  async create(config, services) {
    const settings = await readSettings(config, services.secrets, AbortSignal.timeout(OPEN_MS));
    warnIfUnverified(settings, services);
    const connect = await createConnect(settings);
    const closing = new AbortController();
    const session = openSession(settings, { ...services, origin: settings.origin, connect, closing: closing.signal });
    return {
      name: "hcv",
      check: (reference) => checkReference(settings, reference),
      async read(reference, { signal }) {
        signal.throwIfAborted();
        const either = AbortSignal.any([signal, closing.signal]);
        return await readSecret(settings, await connect(either), session, reference, either);
      },
      async probe({ signal }) {
        const either = AbortSignal.any([signal, closing.signal]);
        return await probe(settings, await connect(either), session, either);
      },
      async close() {
        session.close();
        closing.abort();
      },
    };
  },
};

function openSession({ login }: HcvSettings, services: SessionServices): HcvSession {
  return login.kind === "token" ? new TokenSession(login.token, services) : new LoginSession(login, services);
}

function warnIfUnverified({ isVerified, origin }: HcvSettings, { notify }: VaultServices): void {
  if (isVerified || !origin.startsWith("https:")) return;
  const message = `ssl_verify is off for Vault at ${origin}: whoever stands between can read the token and every secret.`;
  notify({ code: "vault-not-verified", message });
}
