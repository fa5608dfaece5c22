import { untilAborted } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import type { SecretError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Notice } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";
import { extractValue } from "./extract.ts";
import { readFreshness } from "./freshness.ts";
import type { SecretLookup } from "./lookup.ts";
import { parseReference, printReference, type Reference } from "./reference.ts";
import { SecretSource } from "./source.ts";
import type { VaultDefinition, VaultServices } from "./vault.ts";
import { type ConfiguredVault, createVaultRegistry, type VaultRegistry } from "./vault-registry.ts";

export interface SecretLookupOptions extends VaultServices {
  readonly clock: Clock;
}

/** Resolves references to the given vaults, and to the built-in `env`. Opens nothing before the first reference is resolved. */
export function createSecretLookup(
  vaults: readonly ConfiguredVault[],
  definitions: ReadonlyMap<string, VaultDefinition>,
  options: SecretLookupOptions,
): SecretLookup {
  return new CachedLookup(createVaultRegistry(vaults, definitions, options), options);
}

/** One reference: a view of a source that other references may share. */
interface Entry {
  readonly reference: Reference;
  readonly isBase64: boolean;
  readonly shared: SharedSource;
  secret: Secret | undefined;
}

/** All references that differ in their key only: one request serves them, so a user name and its password change together. */
interface SharedSource {
  readonly source: SecretSource;
  readonly entries: Entry[];
}

class CachedLookup implements SecretLookup {
  readonly #registry: VaultRegistry;
  readonly #options: SecretLookupOptions;
  readonly #closing = new AbortController();
  readonly #entries = new Map<string, Entry>();
  readonly #shared = new Map<string, SharedSource>();

  constructor(registry: VaultRegistry, options: SecretLookupOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  peek(reference: string): Secret | undefined {
    const entry = this.#entries.get(reference);
    if (entry?.secret === undefined) return undefined;
    entry.shared.source.isUsed = true;
    return entry.secret;
  }

  async resolve(text: string, options: { readonly signal: AbortSignal; readonly fresh?: boolean }): Promise<Secret> {
    const entry = this.#entries.get(text) ?? this.#track(text);
    const { source } = entry.shared;
    const secret = await untilAborted(options.signal, async () => await source.get(options.fresh ?? false));
    try {
      entry.secret = extractValue(secret, entry.reference, entry.isBase64);
      return entry.secret;
    } catch (thrown) {
      source.distrust();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { source } of this.#shared.values()) source.stop();
    await this.#registry.close();
  }

  #track(text: string): Entry {
    const reference = parseReference(text);
    const config = this.#registry.configOf(reference);
    const asked = reference.query["base64_decode"];
    const isBase64 = asked === undefined ? config["base64_decode"] === true : asked === "true";
    const shared = this.#share(reference, config);
    const entry: Entry = { reference, isBase64, shared, secret: undefined };
    shared.entries.push(entry);
    this.#entries.set(text, entry);
    return entry;
  }

  #share(reference: Reference, config: JsonObject): SharedSource {
    const resource = withoutKey(reference);
    const name = printReference(resource);
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const { clock, notify } = this.#options;
    const entries: Entry[] = [];
    const source = new SecretSource({
      freshness: readFreshness(config, resource),
      clock,
      closing: this.#closing.signal,
      read: async (signal) => await this.#registry.read(resource, signal),
      onChange: (secret) => {
        for (const entry of entries) entry.secret = secret === undefined ? undefined : extractIfThere(secret, entry);
      },
      onStale: (error, ageMs) => notify(staleNotice(name, error, ageMs)),
    });
    const shared = { source, entries };
    this.#shared.set(name, shared);
    return shared;
  }
}

function withoutKey({ prefix, resource, query, version }: Reference): Reference {
  return version === undefined ? { prefix, resource, query } : { prefix, resource, query, version };
}

/** A reference whose key has gone from the secret is answered by `resolve`, with the reason. */
function extractIfThere(secret: Secret, { reference, isBase64 }: Entry): Secret | undefined {
  try {
    return extractValue(secret, reference, isBase64);
  } catch {
    return undefined;
  }
}

function staleNotice(resource: string, { code, message }: SecretError, ageMs: number): Notice {
  const age = Math.round(ageMs / 1000);
  return {
    code: "secret-stale",
    message: `${resource} could not be refreshed: its value of ${age} s ago is served. ${message}`,
    details: { reference: resource, age_s: age, error_code: code },
  };
}
