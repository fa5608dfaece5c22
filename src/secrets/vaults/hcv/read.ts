import { isJsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import type { Reference } from "../../reference.ts";
import type { VaultSecret } from "../../vault.ts";
import { attempt, type HcvAnswer, type HcvClient } from "./client.ts";
import { deniedError, type HcvAction, type HcvFailure, readError, unusableAnswer } from "./failure.ts";
import { type HcvPath, pathOf } from "./path.ts";
import type { HcvSession } from "./session.ts";
import type { HcvSettings } from "./settings.ts";

/** Reads one secret. When the token has expired and there is another to be had, reads once more. */
export async function readSecret(
  settings: HcvSettings,
  client: HcvClient,
  session: HcvSession,
  reference: Reference,
  signal: AbortSignal,
): Promise<VaultSecret> {
  const path = pathOf(settings, reference);
  const action = { origin: settings.origin, path: path.full };
  const fetch = async (token: Secret): Promise<HcvAnswer> =>
    await attempt(() => fetchSecret(client, path, reference.version, token));

  const token = await session.token(signal);
  let answer = await fetch(token);
  if (!answer.isDone && answer.failure.status === 403) {
    await assertExpired(client, token, answer.failure, action);
    const other = await session.replace(token, signal);
    if (other === undefined) throw deniedError("expired", answer.failure, action);
    answer = await fetch(other);
  }
  if (!answer.isDone) throw readError(answer.failure, action);
  return toVaultSecret(answer.data, path, action);
}

async function fetchSecret(
  client: HcvClient,
  { kv, mount, resource, full }: HcvPath,
  version: number | undefined,
  token: Secret,
): Promise<unknown> {
  if (kv === "v2") return await client.readKVSecret(token.reveal(), resource, version, mount);
  const response = await client.instance({ url: full, method: "get", headers: { "X-Vault-Token": token.reveal() } });
  return response.data;
}

/** Vault says "permission denied" to an expired token and to a policy alike; what the token may learn of itself tells them apart. */
async function assertExpired(client: HcvClient, token: Secret, failure: HcvFailure, action: HcvAction): Promise<void> {
  const lookup = await attempt(() => client.lookupSelfToken(token.reveal()));
  if (lookup.isDone) throw deniedError("policy", failure, action);
  if (lookup.failure.status !== 403) throw deniedError("unknown", failure, action);
}

/** Version 1 answers `{ data: secret }`; version 2 `{ data: { data: secret, metadata } }`, of which the library takes the outer `data`. */
function toVaultSecret(data: unknown, { kv }: HcvPath, action: HcvAction): VaultSecret {
  const envelope = isJsonObject(data) ? data : {};
  const secret = envelope["data"];
  if (!isJsonObject(secret)) throw unusableAnswer(action);
  const metadata = kv === "v2" && isJsonObject(envelope["metadata"]) ? envelope["metadata"] : {};
  const { version, created_time: written } = metadata;
  const writtenAt = typeof written === "string" ? Date.parse(written) : Number.NaN;
  return {
    secret: new Secret(JSON.stringify(secret)),
    ...(typeof version === "number" ? { version } : {}),
    ...(Number.isNaN(writtenAt) ? {} : { writtenAt }),
  };
}
