import type { JsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { parseJson, unusable } from "../ask.ts";
import type { Issued } from "../identity.ts";

/** The three parts of an AWS credential. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of keys that expire. */
  readonly sessionToken: string | undefined;
}

/** One secret of the three, so that they change together. */
export function packKeys({ accessKeyId, secretAccessKey, sessionToken }: AwsKeys): Secret {
  return new Secret(JSON.stringify([accessKeyId, secretAccessKey, sessionToken]));
}

/** Of a secret that `packKeys` made. */
export function unpackKeys(secret: Secret): AwsKeys {
  const [accessKeyId, secretAccessKey, sessionToken] = JSON.parse(secret.reveal()) as [string, string, string | null];
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? undefined };
}

/** As instance and container metadata give them. Throws SecretError. */
export function issuedKeys(who: string, text: string, now: number): Issued {
  const { AccessKeyId: id, SecretAccessKey: key, Token: token, Expiration: expiration } = parseJson(text) ?? noFields;
  if (typeof id !== "string" || typeof key !== "string" || typeof token !== "string" || typeof expiration !== "string")
    return unusable(`The answer of ${who} holds no AWS keys.`);
  return holding(who, { accessKeyId: id, secretAccessKey: key, sessionToken: token }, expiration, now);
}

/** Keys until `expiration`, a date. Throws SecretError when that has passed. */
export function holding(who: string, keys: AwsKeys, expiration: string, now: number): Issued {
  const ttlMs = Date.parse(expiration) - now;
  if (!(ttlMs > 0)) return unusable(`The keys that ${who} gave have expired. Check the clock of this machine.`);
  return { secret: packKeys(keys), ttlMs };
}

const noFields: JsonObject = {};
