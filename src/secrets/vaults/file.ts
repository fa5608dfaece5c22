import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, SecretError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Reference } from "../reference.ts";
import type { Vault, VaultDefinition } from "../vault.ts";

/** More than Kubernetes and Docker allow in one secret. */
const MAX_BYTES = 1024 * 1024;
/** Reading a file costs nothing, so a changed one is noticed although no ttl was set; in milliseconds. */
const DEFAULT_TTL_MS = 10_000;

/**
 * Secrets that Kubernetes or Docker has mounted below the folder `path`. A file is a secret: its text, or an object in JSON. A folder is
 * one too, and each file in it is a member, as Kubernetes mounts secrets: `{vault://mounted/openai/key}` is openai/key below the folder,
 * or the member `key` of the file openai.
 */
export const fileVault: VaultDefinition = {
  name: "file",
  async create({ path, ttl }) {
    if (typeof path === "string" && path !== "") return openFileVault(path, ttl === undefined);
    const message = "The file vault cannot be used: path: it is missing. Set it to the folder of the secrets.";
    throw new ConfigError(message, [{ severity: "error", code: "vault-config", message, path: "config.path" }]);
  },
};

function openFileVault(folder: string, isTtlOurs: boolean): Vault {
  return {
    name: "file",
    check: () => [],
    async read(reference, { signal }) {
      signal.throwIfAborted();
      const ttl = isTtlOurs && reference.query["ttl"] === undefined ? { ttlMs: DEFAULT_TTL_MS } : {};
      return { ...(await readSecret(join(folder, ...segmentsOf(reference)))), ...ttl };
    },
    async probe() {
      if (await isFolder(folder)) return `the folder ${folder} is there`;
      const message = `The folder ${folder} is not there, or gw may not look into it. Mount the secrets.`;
      throw new SecretError("GW_SECRET_UNREACHABLE", message, { vault: "file", path: folder });
    },
    async close() {},
  };
}

async function isFolder(path: string): Promise<boolean> {
  return await readdir(path).then(
    () => true,
    () => false,
  );
}

/** An escaped slash must not lead out of the folder: `..%2F`. */
function segmentsOf({ resource }: Reference): readonly string[] {
  const segments = resource.split("/");
  if (!segments.some((segment) => segment === ".." || segment.includes("\0"))) return segments;
  throw new SecretError("GW_SECRET_BAD_REFERENCE", 'reference url has invalid path, ".." is not allowed in it', {
    vault: "file",
  });
}

async function readSecret(path: string): Promise<{ readonly secret: Secret; readonly writtenAt: number }> {
  try {
    const found = await stat(path);
    const secret = found.isDirectory() ? await readFolder(path) : await readText(path);
    return { secret: new Secret(secret), writtenAt: found.mtimeMs };
  } catch (thrown) {
    throw thrown instanceof SecretError ? thrown : toSecretError(thrown, path);
  }
}

/** Kubernetes replaces all files of a secret at once, by turning the link `..data`: they are read behind it. */
async function readFolder(path: string): Promise<string> {
  const behind = join(path, "..data");
  const isLinked = await stat(behind).then(
    () => true,
    () => false,
  );
  const folder = isLinked ? behind : path;
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith("..")).map(({ name }) => name);
  const members = await Promise.all(names.map(async (name) => [name, await readText(join(folder, name))]));
  return JSON.stringify(Object.fromEntries(members));
}

/** Without the line break that editors and `echo` put at the end. */
async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_BYTES)
    throw new SecretError("GW_SECRET_MISSING", `no value found: ${path} is longer than a secret can be.`, {
      vault: "file",
    });
  return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
}

function toSecretError(thrown: unknown, path: string): SecretError {
  const code = (thrown as NodeJS.ErrnoException).code ?? "unreadable";
  const details = { vault: "file", path, code };
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new SecretError("GW_SECRET_MISSING", `no value found: there is no file ${path}. Mount the secret.`, details);
  }
  const message = `The file ${path} cannot be read (${code}). Make it readable for gw.`;
  return new SecretError("GW_SECRET_DENIED", message, details);
}
