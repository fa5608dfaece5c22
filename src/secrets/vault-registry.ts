import { withDeadline } from "../core/abort.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { GwError, SecretError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Reference } from "./reference.ts";
import { Turns } from "./turns.ts";
import { findVaultCycle } from "./vault-cycle.ts";
import type { Vault, VaultDefinition, VaultSecret, VaultServices } from "./vault.ts";

/** How long a vault may take to answer, in milliseconds: nobody waits longer for a secret. */
const ANSWER_MS = 2_000;
/** A thousand references are resolved at the start: no vault is asked for more than these at a time. */
const PARALLEL_READS = 16;
/** The vault that needs no configuration; its name wins over prefixes, as in Kong. */
const BUILT_IN = { prefix: "env", name: "env", config: {} };

/** A vault entity of the configuration. */
export interface ConfiguredVault {
  readonly prefix: string;
  /** Which kind it is: `env`, `hcv`, `file`. */
  readonly name: string;
  readonly config: JsonObject;
}

/** The configured vaults by prefix, each opened when it is first asked. */
export interface VaultRegistry {
  /** Throws SecretError GW_SECRET_BAD_REFERENCE when there is no vault of that prefix, none of its kind, or it needs itself. */
  find(reference: Reference): ConfiguredVault;
  /** Throws SecretError: two seconds after the request was sent at the latest. */
  read(reference: Reference, signal: AbortSignal): Promise<VaultSecret>;
  /** Opens the vault, but asks it nothing. Throws SecretError. */
  check(reference: Reference): Promise<readonly Diagnostic[]>;
  /** Vault.probe; undefined where there is nothing to ask. Throws as `read`. */
  probe(prefix: string, signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

interface OpenVault {
  readonly vault: Vault;
  readonly turns: Turns;
}

export function createVaultRegistry(
  vaults: readonly ConfiguredVault[],
  definitions: ReadonlyMap<string, VaultDefinition>,
  services: VaultServices,
): VaultRegistry {
  const byPrefix = new Map([...vaults, BUILT_IN].map((vault) => [vault.prefix, vault]));
  const opened = new Map<string, Promise<OpenVault>>();
  const open = (prefix: string): Promise<OpenVault> => {
    const known = opened.get(prefix);
    if (known !== undefined) return known;
    const { vault, definition } = find(prefix, byPrefix, definitions);
    const opening = definition
      .create(vault.config, services)
      .then((vault) => ({ vault, turns: new Turns(PARALLEL_READS) }));
    opened.set(prefix, opening);
    // A vault that could not be opened is tried again by the next read.
    opening.catch(() => opened.delete(prefix));
    return opening;
  };
  /** With the errors of vaults made fit to be shown, and none of them waited for too long. */
  const within = async <T>(prefix: string, closing: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
    try {
      return await withDeadline(ANSWER_MS, closing, work);
    } catch (thrown) {
      throw toSecretError(thrown, prefix);
    }
  };
  const closed = new AbortController();
  return {
    find: ({ prefix }) => find(prefix, byPrefix, definitions).vault,
    async read(reference, closing) {
      const { vault, turns } = await within(reference.prefix, closing, async () => await open(reference.prefix));
      const read = async (signal: AbortSignal): Promise<VaultSecret> => await vault.read(reference, { signal });
      return await turns.run(async () => await within(reference.prefix, closing, read));
    },
    async check(reference) {
      const { vault } = await within(reference.prefix, closed.signal, async () => await open(reference.prefix));
      return vault.check(reference);
    },
    async probe(prefix, closing) {
      return await within(prefix, closing, async (signal) => {
        const { vault } = await open(prefix);
        return await vault.probe?.({ signal });
      });
    },
    async close() {
      closed.abort();
      const vaults = await Promise.allSettled(opened.values());
      await Promise.all(
        vaults.map(async (open) => (open.status === "fulfilled" ? await open.value.vault.close() : {})),
      );
    },
  };
}

function find(
  prefix: string,
  vaults: ReadonlyMap<string, ConfiguredVault>,
  definitions: ReadonlyMap<string, VaultDefinition>,
): { readonly vault: ConfiguredVault; readonly definition: VaultDefinition } {
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
  if (definition === undefined) {
    const kinds = [...definitions.keys()].join(", ");
    throw badReference(`vault '${vault.name}' is not installed: this version has ${kinds}.`, prefix);
  }
  const cycle = findVaultCycle(prefix, [...vaults.values()]);
  if (cycle === undefined) return { vault, definition };
  const way = cycle.map((name) => `"${name}"`).join(" needs ");
  throw badReference(`the vault ${way}: none can be opened first. Keep one of their credentials elsewhere.`, prefix);
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
