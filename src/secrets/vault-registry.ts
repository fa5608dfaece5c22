import { withDeadline } from "../core/abort.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { GwError, SecretError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Reference } from "./reference.ts";
import type { Vault, VaultDefinition, VaultSecret, VaultServices } from "./vault.ts";

/** How long a vault may take to answer, in milliseconds: nobody waits longer for a secret. */
const ANSWER_MS = 2_000;
/** The vault that needs no configuration; its name wins over prefixes, as in Kong. */
const BUILT_IN = { prefix: "env", name: "env", config: {} };

/** A vault entity of the configuration. */
export interface ConfiguredVault {
  readonly prefix: string;
  /** Which kind it is: `env`, `hcv`. */
  readonly name: string;
  readonly config: JsonObject;
}

/** The configured vaults by prefix, each opened when it is first asked. */
export interface VaultRegistry {
  /** Throws SecretError GW_SECRET_BAD_REFERENCE when there is no vault of that prefix, or none of its kind. */
  configOf(reference: Reference): JsonObject;
  /** Throws SecretError, after two seconds at the latest. */
  read(reference: Reference, signal: AbortSignal): Promise<VaultSecret>;
  close(): Promise<void>;
}

export function createVaultRegistry(
  vaults: readonly ConfiguredVault[],
  definitions: ReadonlyMap<string, VaultDefinition>,
  services: VaultServices,
): VaultRegistry {
  const byPrefix = new Map([...vaults, BUILT_IN].map((vault) => [vault.prefix, vault]));
  const opened = new Map<string, Promise<Vault>>();
  const open = (prefix: string): Promise<Vault> => {
    const known = opened.get(prefix);
    if (known !== undefined) return known;
    const { config, definition } = find(prefix, byPrefix, definitions);
    const opening = definition.create(config, services);
    opened.set(prefix, opening);
    // A vault that could not be opened is tried again by the next read.
    opening.catch(() => opened.delete(prefix));
    return opening;
  };
  return {
    configOf: ({ prefix }) => find(prefix, byPrefix, definitions).config,
    async read(reference, signal) {
      try {
        return await withDeadline(
          ANSWER_MS,
          signal,
          async (signal) => await (await open(reference.prefix)).read(reference, { signal }),
        );
      } catch (thrown) {
        throw toSecretError(thrown, reference.prefix);
      }
    },
    async close() {
      const vaults = await Promise.allSettled(opened.values());
      await Promise.all(
        vaults.map(async (vault) => (vault.status === "fulfilled" ? await vault.value.close() : undefined)),
      );
    },
  };
}

function find(
  prefix: string,
  vaults: ReadonlyMap<string, ConfiguredVault>,
  definitions: ReadonlyMap<string, VaultDefinition>,
): { readonly config: JsonObject; readonly definition: VaultDefinition } {
  const vault = vaults.get(prefix);
  if (vault === undefined) {
    const ofThatKind = [...vaults.values()].find(({ name }) => name === prefix);
    const hint =
      ofThatKind === undefined ? didYouMean(prefix, vaults.keys()) : ` Write its prefix, "${ofThatKind.prefix}".`;
    throw badReference(
      `no vault has the prefix "${prefix}".${hint || " Add it under vaults, or correct the reference."}`,
      prefix,
    );
  }
  const definition = definitions.get(vault.name);
  if (definition !== undefined) return { config: vault.config, definition };
  const kinds = [...definitions.keys()].join(", ");
  throw badReference(`vault '${vault.name}' is not installed: this version has ${kinds}.`, prefix);
}

function badReference(message: string, vault: string): SecretError {
  return new SecretError("GW_SECRET_BAD_REFERENCE", message, { vault });
}

/** Errors that are not gw's own may quote what a vault was sent or answered: only their names are kept. */
function toSecretError(thrown: unknown, vault: string): SecretError {
  if (thrown instanceof SecretError) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new SecretError("GW_SECRET_UNREACHABLE", describe(thrown, name, vault), { vault });
}

function describe(thrown: unknown, name: string, vault: string): string {
  if (thrown instanceof GwError) return thrown.message;
  if (name === "TimeoutError")
    return `The vault "${vault}" did not answer within ${ANSWER_MS / 1000} s. Check that it can be reached.`;
  if (name === "AbortError") return `The vault "${vault}" was closed.`;
  return `The vault "${vault}" failed (${name}). This is a bug in gw: please report it.`;
}
