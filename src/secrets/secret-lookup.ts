import { untilAborted } from "../core/abort.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import { SecretError } from "../core/errors.ts";
import type { Notice } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";
import { extractValue } from "./extract.ts";
import { readFreshness } from "./freshness.ts";
import type { SecretStatus, ServedSecrets } from "./lookup.ts";
import { parseReference, printReference, type Reference } from "./reference.ts";
import { SecretSource, type SourceValue } from "./source.ts";
import { statusOf } from "./status.ts";
import type { VaultDefinition, VaultServices } from "./vault.ts";
import { type ConfiguredVault, createVaultRegistry, type VaultRegistry } from "./vault-registry.ts";

export interface SecretLookupOptions extends Omit<VaultServices, "secrets"> {
  /** The lookup of the configuration before this one: what has been read from vaults that stay as they are is not lost. */
  readonly predecessor?: SecretLookupWithMemory | undefined;
}

/** A lookup whose values can be handed to its successor. */
export interface SecretLookupWithMemory extends ServedSecrets {
  /** What has been read, by a name for the secret and the whole configuration of its vault. */
  memory(): ReadonlyMap<string, SourceValue>;
}

/** Resolves references to the given vaults, and to the built-in `env`. Opens nothing before the first reference is resolved. */
export function createSecretLookup(
  vaults: readonly ConfiguredVault[],
  definitions: ReadonlyMap<string, VaultDefinition>,
  options: SecretLookupOptions,
): SecretLookupWithMemory {
  return new CachedLookup(vaults, definitions, options);
}

/** One reference: a view of a source that other references may share. */
interface Entry {
  readonly reference: Reference;
  readonly isBase64: boolean;
  readonly source: SecretSource;
  secret: Secret | undefined;
  /** Called when `secret` becomes another one. */
  readonly waiting: Set<() => void>;
}

/** All references that differ in their key only: one request serves them, so a user name and its password change together. */
interface SharedSource {
  readonly source: SecretSource;
  readonly entries: Entry[];
}

class CachedLookup implements SecretLookupWithMemory {
  readonly #registry: VaultRegistry;
  readonly #options: Omit<VaultServices, "secrets">;
  readonly #inherited: ReadonlyMap<string, SourceValue> | undefined;
  readonly #closing = new AbortController();
  readonly #entries = new Map<string, Entry>();
  readonly #shared = new Map<string, SharedSource>();
  /** References that name no usable vault, with the reason. */
  readonly #unusable = new Map<string, SecretError>();

  constructor(
    vaults: readonly ConfiguredVault[],
    definitions: ReadonlyMap<string, VaultDefinition>,
    { predecessor, ...services }: SecretLookupOptions,
  ) {
    this.#registry = createVaultRegistry(vaults, definitions, { ...services, secrets: this });
    this.#options = services;
    this.#inherited = predecessor?.memory();
  }

  peek(reference: string): Secret | undefined {
    return this.#entries.get(reference)?.secret;
  }

  async resolve(text: string, { signal }: { readonly signal: AbortSignal }): Promise<Secret> {
    const entry = this.#entryOf(text);
    const secret = await untilAborted(signal, async () => await entry.source.get());
    return entry.secret ?? extractValue(secret, entry.reference, entry.isBase64);
  }

  async renew(text: string, refused: Secret, { signal }: { readonly signal: AbortSignal }): Promise<Secret> {
    const entry = this.#entryOf(text);
    if (entry.secret === undefined || entry.secret === refused) {
      await untilAborted(signal, async () => await rereadOrChange(entry));
    }
    return entry.secret ?? refused;
  }

  async want(references: readonly string[]): Promise<void> {
    await Promise.allSettled(references.map(async (text) => await this.#entryOf(text).source.get()));
  }

  status(): readonly SecretStatus[] {
    const now = this.#options.clock.now();
    const unusable = [...this.#unusable].map(([reference, error]) => statusOf(reference, undefined, error, now));
    const tracked = [...this.#entries].map(([reference, entry]) =>
      statusOf(reference, entry.source, errorOf(entry), now),
    );
    return [...unusable, ...tracked];
  }

  async check(text: string): Promise<readonly Diagnostic[]> {
    return await this.#registry.check(this.#entryOf(text).reference);
  }

  async probe(prefix: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    return await this.#registry.probe(prefix, AbortSignal.any([signal, this.#closing.signal]));
  }

  memory(): ReadonlyMap<string, SourceValue> {
    const known = [...this.#shared].map(([name, { source }]): [string, SourceValue | undefined] => [
      this.#memoryName(parseReference(name)),
      source.value,
    ]);
    return new Map(known.filter((pair): pair is [string, SourceValue] => pair[1] !== undefined));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { source } of this.#shared.values()) source.stop();
    await this.#registry.close();
  }

  #entryOf(text: string): Entry {
    const known = this.#entries.get(text);
    if (known !== undefined) return known;
    try {
      return this.#track(text);
    } catch (thrown) {
      if (thrown instanceof SecretError) this.#unusable.set(text, thrown);
      throw thrown;
    }
  }

  #track(text: string): Entry {
    const reference = parseReference(text);
    const { config } = this.#registry.find(reference);
    const asked = reference.query["base64_decode"];
    const isBase64 = asked === undefined ? config["base64_decode"] === true : asked === "true";
    const { source, entries } = this.#share(reference);
    const entry: Entry = { reference, isBase64, source, secret: undefined, waiting: new Set() };
    entries.push(entry);
    if (source.value !== undefined) update(entry, source.value.secret);
    if (entry.secret === undefined) source.distrust();
    this.#entries.set(text, entry);
    return entry;
  }

  #share(reference: Reference): SharedSource {
    const resource = withoutKey(reference);
    const name = printReference(resource);
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const { clock, random, notify } = this.#options;
    const entries: Entry[] = [];
    const source = new SecretSource({
      freshness: readFreshness(this.#registry.find(resource).config, resource),
      clock,
      random,
      closing: this.#closing.signal,
      inherited: this.#inherited?.get(this.#memoryName(resource)),
      read: async (signal) => await this.#registry.read(resource, signal),
      onValue(secret) {
        for (const entry of entries) update(entry, secret);
        if (secret !== undefined && entries.some((entry) => entry.secret === undefined)) source.distrust();
      },
      onStale: (error, value) => notify(staleNotice(name, error, value, clock.now())),
    });
    const shared = { source, entries };
    this.#shared.set(name, shared);
    return shared;
  }

  #memoryName(resource: Reference): string {
    const { name, config } = this.#registry.find(resource);
    return JSON.stringify([name, config, printReference(resource)]);
  }
}

function withoutKey({ prefix, resource, query, version }: Reference): Reference {
  return version === undefined ? { prefix, resource, query } : { prefix, resource, query, version };
}

/** The object changes with the value only: whoever has prepared something from it compares objects. */
function update(entry: Entry, secret: Secret | undefined): void {
  const value = secret === undefined ? undefined : extractIfThere(secret, entry);
  if (value !== undefined && value.reveal() === entry.secret?.reveal()) return;
  entry.secret = value;
  for (const wake of entry.waiting) wake();
}

/** A reference whose key has gone from the secret is answered by `resolve`, with the reason. */
function extractIfThere(secret: Secret, { reference, isBase64 }: Entry): Secret | undefined {
  try {
    return extractValue(secret, reference, isBase64);
  } catch {
    return undefined;
  }
}

async function rereadOrChange({ source, waiting }: Entry): Promise<void> {
  let wake = (): void => {};
  const changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  waiting.add(wake);
  try {
    await Promise.race([source.reread(), changed]);
  } finally {
    waiting.delete(wake);
  }
}

function errorOf({ reference, isBase64, source, secret }: Entry): SecretError | undefined {
  if (source.error !== undefined || secret !== undefined || source.value === undefined) return source.error;
  try {
    extractValue(source.value.secret, reference, isBase64);
    return undefined;
  } catch (thrown) {
    return thrown as SecretError;
  }
}

function staleNotice(
  resource: string,
  { code, message }: SecretError,
  { readAt, ttlMs }: SourceValue,
  now: number,
): Notice {
  const age = Math.round((now - readAt) / 1000);
  const past = Math.round(Math.max(0, now - readAt - ttlMs) / 1000);
  const stale = past === 0 ? "" : `, ${past} s past its ttl,`;
  return {
    code: "secret-stale",
    message: `${resource} could not be refreshed: its value of ${age} s ago${stale} is served. ${message}`,
    details: { reference: resource, age_s: age, stale_s: past, error_code: code },
  };
}
