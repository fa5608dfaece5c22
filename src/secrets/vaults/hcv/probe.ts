import { isJsonObject } from "../../../core/json.ts";
import { attempt, type HcvClient } from "./client.ts";
import { deniedError, readError } from "./failure.ts";
import type { HcvSession } from "./session.ts";
import type { HcvSettings } from "./settings.ts";
import { leaseOf } from "./token-life.ts";

const LOOKUP = "auth/token/lookup-self";

/** Contract: Vault.probe. Every policy that Vault makes by itself lets a token look itself up. */
export async function probe(
  { origin, login }: HcvSettings,
  client: HcvClient,
  session: HcvSession,
  signal: AbortSignal,
): Promise<string> {
  const token = await session.token(signal);
  const how = login.kind === "token" ? "the token is valid" : `logged in by ${login.title}`;
  const answer = await attempt(() => client.lookupSelfToken(token.reveal()));
  if (answer.isDone) return `${how}${endOf(answer.data)}`;
  if (answer.failure.status !== 403) throw readError(answer.failure, { origin, path: LOOKUP });
  if (login.kind === "token") throw deniedError("expired", answer.failure, { origin, path: LOOKUP });
  return how;
}

function endOf(data: unknown): string {
  const { ttlMs, isRenewable } = leaseOf(isJsonObject(data) ? data : {});
  if (ttlMs === Infinity) return "";
  return `, its token ends in ${Math.round(ttlMs / 1000)} s${isRenewable ? " unless it is renewed" : ""}`;
}
