import type { JsonObject } from "../../../core/json.ts";
import type { OwnSecret } from "../../own-secret.ts";
import type { VaultServices } from "../../vault.ts";
import type { HcvClient } from "./client.ts";
import { gwOf, needed, neededSecret, secretFile, textOf, unusable } from "./fields.ts";
import { fetchOAuthToken } from "./oauth-token.ts";
import { leavesItsPlace } from "./path.ts";
import { unwrapOnce } from "./unwrap.ts";

/** How gw comes by a token: it is configured, or a login gives it. */
export type HcvLogin = { readonly kind: "token"; readonly token: OwnSecret } | HcvLoginByMethod;

export interface HcvLoginByMethod {
  readonly kind: "login";
  /** For messages: `AppRole`. */
  readonly title: string;
  /** For messages: `auth/approle/login`. */
  readonly path: string;
  /** What is to be checked when Vault refuses the credentials. */
  readonly advice: string;
  /** What is to be checked when there is no such login. */
  readonly pathField: string;
  /** Of every connection to Vault; read anew for each. */
  readonly certificate?: ClientCertificate;
  /** Answers what stands in `auth` of Vault's answer. */
  send(client: HcvClient, signal: AbortSignal): Promise<unknown>;
}

export interface ClientCertificate {
  readonly certificate: OwnSecret;
  readonly key: OwnSecret;
}

type Secrets = VaultServices["secrets"];

/** Where Kubernetes mounts the token of the pod's service account. */
const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const methods: Readonly<Record<string, (config: JsonObject, secrets: Secrets) => HcvLogin>> = {
  token: (config, secrets) => ({ kind: "token", token: neededSecret(config, "token", secrets) }),
  approle: byAppRole,
  kubernetes: byKubernetes,
  jwt: byJwt,
  cert: byCertificate,
  userpass: (config, secrets) => byPassword("userpass", "user name", config, secrets),
  ldap: (config, secrets) => byPassword("ldap", "LDAP", config, secrets),
};

/** Throws ConfigError naming the field that is missing. */
export function readLogin(config: JsonObject, secrets: Secrets): HcvLogin {
  const method = textOf(config, "auth_method") ?? "token";
  const read = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (read !== undefined) return read(config, secrets);
  const fix = `Use one of ${Object.keys(methods).join(", ")}.`;
  throw unusable("auth_method", `the login method "${method}" is not in this version`, fix);
}

function byAppRole(config: JsonObject, secrets: Secrets): HcvLogin {
  const mount = mountOf(config, "approle_auth_path", "approle");
  const roleId = neededSecret(config, "approle_role_id", secrets);
  const file = textOf(config, "approle_secret_id_file");
  const given =
    file === undefined
      ? neededSecret(config, "approle_secret_id", secrets)
      : secretFile(file, "approle_secret_id_file");
  const unwrap = config["approle_response_wrapping"] === true ? unwrapOnce() : undefined;
  return {
    kind: "login",
    title: "AppRole",
    path: `${mount}/login`,
    advice: "Check approle_role_id, and whether the secret id has expired",
    pathField: "approle_auth_path",
    async send(client, signal) {
      const secretId = await given.read(signal);
      const bare = unwrap === undefined ? secretId : await unwrap(client, secretId);
      return await client.loginWithAppRole((await roleId.read(signal)).reveal(), bare.reveal(), mount);
    },
  };
}

function byKubernetes(config: JsonObject): HcvLogin {
  const mount = mountOf(config, "kube_auth_path", "kubernetes");
  const role = needed(config, "kube_role");
  const file = textOf(config, "kube_api_token_file") ?? SERVICE_ACCOUNT_TOKEN;
  const token = secretFile(file, "kube_api_token_file");
  return {
    kind: "login",
    title: "Kubernetes",
    path: `${mount}/login`,
    advice: "Check kube_role, and which service accounts and audiences it is bound to",
    pathField: "kube_auth_path",
    send: async (client, signal) => await client.loginWithK8s(role, (await token.read(signal)).reveal(), mount),
  };
}

function byJwt(config: JsonObject, secrets: Secrets): HcvLogin {
  const gw = gwOf(config);
  const mount = mountOf(gw, "auth_path", "jwt", "gw.auth_path");
  // Kong's kong.conf calls it jwt_role, its entity page oauth2_role_name.
  const role = textOf(config, "jwt_role") ?? needed(config, "oauth2_role_name", "jwt_role");
  const token = readJwt(config, gw, secrets);
  return {
    kind: "login",
    title: "JWT",
    path: `${mount}/login`,
    advice: "Check jwt_role, and the issuer, audience and subject that it is bound to",
    pathField: "gw.auth_path",
    async send(client, signal) {
      const data = { role, jwt: (await token.read(signal)).reveal() };
      const answer = await client.instance({ url: `${mount}/login`, method: "post", data });
      return (answer.data as { readonly auth?: unknown }).auth;
    },
  };
}

function readJwt(config: JsonObject, gw: JsonObject, secrets: Secrets): Pick<OwnSecret, "read"> {
  const file = textOf(gw, "jwt_file");
  if (file !== undefined) return secretFile(file, "gw.jwt_file");
  if (textOf(gw, "jwt") !== undefined) return neededSecret(gw, "jwt", secrets, "gw.jwt");
  if (textOf(config, "oauth2_token_endpoint") === undefined)
    throw unusable("gw.jwt_file", "there is no token to log in with", "Set gw.jwt_file or oauth2_token_endpoint.");
  const client = {
    endpoint: needed(config, "oauth2_token_endpoint"),
    id: neededSecret(config, "oauth2_client_id", secrets),
    secret: neededSecret(config, "oauth2_client_secret", secrets),
    audiences: textOf(config, "oauth2_audiences"),
  };
  return { read: async (signal) => await fetchOAuthToken(client, signal) };
}

function byCertificate(config: JsonObject, secrets: Secrets): HcvLogin {
  const mount = mountOf(gwOf(config), "auth_path", "cert", "gw.auth_path");
  const role = textOf(config, "cert_auth_role_name") ?? "";
  if (config["protocol"] !== "https") throw unusable("protocol", "a certificate needs TLS", "Set it to https.");
  return {
    kind: "login",
    title: "certificate",
    path: `${mount}/login`,
    advice: "Check cert_auth_role_name, and that Vault trusts who signed cert_auth_cert",
    pathField: "gw.auth_path",
    certificate: {
      certificate: pem(config, "cert_auth_cert", secrets),
      key: pem(config, "cert_auth_cert_key", secrets),
    },
    send: async (client) => await client.loginWithCert(role, mount),
  };
}

/** Kong's pages disagree whether these hold PEM or the name of a file: what does not look like PEM or a reference is a file. */
function pem(config: JsonObject, field: string, secrets: Secrets): OwnSecret {
  const text = needed(config, field);
  return /^(\s*-----BEGIN |\{vault:)/.test(text) ? neededSecret(config, field, secrets) : secretFile(text, field);
}

function byPassword(method: "userpass" | "ldap", title: string, config: JsonObject, secrets: Secrets): HcvLogin {
  const gw = gwOf(config);
  const mount = mountOf(gw, "auth_path", method, "gw.auth_path");
  const user = needed(gw, "username", "gw.username");
  if (leavesItsPlace(user)) throw unusable("gw.username", `${user} leads elsewhere`, "Write the name of a user.");
  const password = neededSecret(gw, "password", secrets, "gw.password");
  return {
    kind: "login",
    title,
    path: `${mount}/login/${user}`,
    advice: "Check gw.username and gw.password",
    pathField: "gw.auth_path",
    async send(client, signal) {
      const value = (await password.read(signal)).reveal();
      const name = encodeURIComponent(user);
      return method === "ldap"
        ? await client.loginWithLdap(name, value, mount)
        : await client.loginWithUserpass(name, value, mount);
    },
  };
}

/** A mount goes into the URL as it is written, and URLs read %2e as a dot and \ as a slash. */
const changesUrl = /[%?#\\]/;

/** `shown`: the field in messages, where it stands in a block. */
function mountOf(config: JsonObject, field: string, byDefault: string, shown = field): string {
  const path = textOf(config, field) ?? byDefault;
  if (leavesItsPlace(path) || changesUrl.test(path))
    throw unusable(shown, `${path} leads elsewhere`, "Write the path of the login's mount.");
  return `auth/${path}`;
}
