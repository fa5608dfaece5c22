import type { Readable } from "node:stream";
import { type Diagnostic, hasErrors, sortDiagnostics } from "../core/diagnostics.ts";
import { ConfigError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { notRunOfPlugin } from "../core/not-run.ts";
import { MASK } from "../core/masked-text.ts";
import type { DocumentHeader } from "./check-document.ts";
import { checkDocument } from "./check-document.ts";
import { checkMeaning, type MeaningOptions, meaningContext } from "./check-meaning.ts";
import { checkShape } from "./check-shape.ts";
import { diagnose, type Draft, type Finding, labelOf, nameOf, placeOfDraft } from "./draft.ts";
import { expand } from "./expand.ts";
import { flatten } from "./flatten.ts";
import { inlineHeads } from "./head-files.ts";
import { type Identified, identify } from "./identify.ts";
import { maskText } from "./mask.ts";
import { mergeHeaders } from "./merge.ts";
import { normalise, originsOf, sortConfig } from "./normalise.ts";
import { holdsMask, restoreSecrets } from "./masked-secrets.ts";
import { printPath } from "./path.ts";
import type { LoadPluginCheck, PluginCheck } from "./plugin-check.ts";
import { checkGwOnly } from "./rules/gw-only.ts";
import { isObserver } from "./rules/plugins.ts";
import { checkServiceAddress } from "./rules/services.ts";
import { findUnreachable } from "./rules/unreachable.ts";
import { readDocument, type SourceDocument } from "./source-document.ts";
import { readSources, type Source } from "./sources.ts";
import { noStoredNames, type StoredNames, storedNames } from "./stored-names.ts";
import type { CollectionName, Entity, GatewayConfig, LoadedConfig, Plugin, Route, Service, Vault } from "./types.ts";

export interface LoadOptions {
  /** Relative inputs are looked for here. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Read when an input is `-`. */
  readonly stdin: Readable;
  /** Plugins that gw runs, with their own rules. */
  readonly plugins: ReadonlyMap<string, LoadPluginCheck>;
  readonly unknownPlugins: "error" | "warn";
  /** Codes of warnings that count as errors. */
  readonly warningsAsErrors?: ReadonlySet<string>;
  /** Lists what only gw has, as warnings. */
  readonly strictKong?: boolean;
  /** Without it an input that declares nothing is an error: it would empty a store. */
  readonly allowEmpty?: boolean;
  readonly stored?: Stored;
}

/** The store that the files are meant for. */
export interface Stored {
  read(): Promise<GatewayConfig>;
  /**
   * "lookups": the files may refer to what `_info.default_lookup_tags` selects. "ids": besides, entities of the same name keep their
   * ids. "references": besides, the files may refer to all that is stored.
   */
  readonly use: "lookups" | "ids" | "references";
}

export interface CheckedConfig {
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absent when there are errors. */
  readonly loaded?: LoadedConfig;
  /** File that a finding points into → its text, with the values of sensitive fields masked by `*` of equal length. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Throws ConfigError with every diagnostic when the inputs cannot be used. */
export async function loadConfig(inputs: readonly string[], options: LoadOptions): Promise<LoadedConfig> {
  const { diagnostics, loaded, sources } = await checkConfig(inputs, options);
  if (loaded !== undefined) return loaded;
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error").length;
  throw new ConfigError(
    `The configuration has ${errors === 1 ? "an error" : `${errors} errors`}.`,
    diagnostics,
    sources,
  );
}

/** Every finding at once; never throws for what the user wrote. */
export async function checkConfig(inputs: readonly string[], options: LoadOptions): Promise<CheckedConfig> {
  const { sources, diagnostics } = await readSources(inputs, options);
  const { stored } = options;
  const isNeeded =
    stored !== undefined &&
    (stored.use !== "lookups" || sources.some(({ text }) => text.includes(LOOKUP) || text.includes(MASK)));
  return await checkSources(sources, { ...options, known: isNeeded ? await stored.read() : undefined }, diagnostics);
}

const LOOKUP = "default_lookup_tags";

/** The same for texts that have been read. */
export async function checkSources(
  sources: readonly Source[],
  options: Omit<LoadOptions, "stdin"> & { readonly known?: GatewayConfig | undefined },
  found: readonly Diagnostic[] = [],
): Promise<CheckedConfig> {
  const diagnostics = [...found];
  const texts: (readonly [file: string, masked: () => string])[] = [];
  const documents: SourceDocument[] = [];
  for (const { file, text } of sources) {
    const result = await readDocument(file, text, options.environment);
    texts.push([file, result.maskedText]);
    diagnostics.push(...result.diagnostics);
    if (result.document !== undefined) documents.push(result.document);
  }
  const headers = documents.map((document) => ({ document, ...checkDocument(document) }));
  const flat = documents.map(flatten);
  diagnostics.push(...headers.flatMap((each) => each.diagnostics), ...flat.flatMap((each) => each.diagnostics));
  const { header, diagnostics: conflicts } = mergeHeaders(headers);
  diagnostics.push(...conflicts);

  const { drafts: expanded, diagnostics: unknownBlocks } = expand(
    flat.flatMap((each) => each.drafts),
    documents,
  );
  const { drafts, sources: heads, diagnostics: wrongHeads } = await inlineHeads(expanded, options.cwd);
  texts.push(...heads.map(({ file, text }) => [file, () => maskText(text, undefined, () => null)] as const));
  diagnostics.push(...unknownBlocks, ...wrongHeads);
  const checked = checkDrafts(
    drafts,
    { ...options, checks: await loadChecks(drafts, options.plugins) },
    knownOf(options, header),
  );
  diagnostics.push(...checked.diagnostics);
  if (drafts.length === 0 && options.allowEmpty !== true && !hasErrors(diagnostics))
    diagnostics.push(nothingDeclared(sources));

  const sorted = sortDiagnostics(diagnostics.map((each) => raised(each, options.warningsAsErrors)));
  const masked = maskedTexts(sorted, texts);
  if (hasErrors(sorted)) return { diagnostics: sorted, sources: masked };
  return {
    diagnostics: sorted,
    sources: masked,
    loaded: loadedConfig(checked.entities, header, [...sources, ...heads], sorted, options),
  };
}

function raised(diagnostic: Diagnostic, codes: ReadonlySet<string> | undefined): Diagnostic {
  return codes?.has(diagnostic.code) === true ? { ...diagnostic, severity: "error" } : diagnostic;
}

/** Of the files that a finding points into: masking a text takes longer than reading it. */
function maskedTexts(
  diagnostics: readonly Diagnostic[],
  texts: readonly (readonly [file: string, masked: () => string])[],
): ReadonlyMap<string, string> {
  const places = diagnostics.flatMap(({ place, related = [] }) => [place, ...related.map((each) => each.place)]);
  const files = new Set(places.map((place) => place?.file));
  return new Map(texts.filter(([file]) => files.has(file)).map(([file, masked]) => [file, masked()]));
}

/** What the files may build on without declaring it. */
interface Known {
  readonly names: StoredNames;
  readonly entityOf: (collection: CollectionName, id: string) => JsonObject | undefined;
  readonly vaults: readonly Vault[];
}

function knownOf(
  { known, stored }: { known?: GatewayConfig | undefined; stored?: Stored },
  header: DocumentHeader,
): Known {
  if (known === undefined || stored === undefined)
    return { names: noStoredNames, vaults: [], entityOf: () => undefined };
  const { lookupTags } = header;
  const mayRefer = (collection: CollectionName, entity: JsonObject): boolean =>
    stored.use === "references" || hasAll(entity["tags"], lookupTags[collection]);
  const names = storedNames(known, mayRefer);
  return {
    names: stored.use === "lookups" ? { ...names, idOf: () => undefined } : names,
    vaults: stored.use === "references" ? known.vaults : [],
    entityOf: (collection, id) => bodiesOf(known, collection).find((entity) => entity["id"] === id),
  };
}

function bodiesOf(config: GatewayConfig, collection: CollectionName): readonly JsonObject[] {
  return config[collection];
}

function hasAll(tags: Json | undefined, wanted: readonly string[] | undefined): boolean {
  return wanted !== undefined && Array.isArray(tags) && wanted.every((tag) => tags.includes(tag));
}

interface CheckedEntity {
  readonly identified: Identified;
  readonly entity: Entity;
}

async function loadChecks(
  drafts: readonly Draft[],
  plugins: LoadOptions["plugins"],
): Promise<ReadonlyMap<string, PluginCheck>> {
  const named = new Set(drafts.flatMap((draft) => (draft.collection === "plugins" ? (nameOf(draft) ?? []) : [])));
  const used = [...plugins].filter(([name]) => named.has(name));
  return new Map(await Promise.all(used.map(async ([name, load]) => [name, await load()] as const)));
}

function checkDrafts(
  drafts: readonly Draft[],
  options: Pick<LoadOptions, "strictKong"> & MeaningOptions,
  { names, vaults, entityOf }: Known,
) {
  const { entities: identifiedDrafts, diagnostics } = identify(drafts, names);
  const context = meaningContext(drafts, vaults);
  const entities: CheckedEntity[] = [];
  const all = [...diagnostics];
  for (const identified of identifiedDrafts) {
    const { draft } = identified;
    const report = (findings: readonly Finding[]): void => {
      all.push(...findings.flatMap((finding) => diagnose(draft, finding) ?? []));
    };
    if (options.strictKong === true) report(checkGwOnly(draft));
    const shape = [...checkShape(draft), ...(draft.collection === "services" ? checkServiceAddress(draft) : [])];
    report(shape);
    if (shape.length > 0) continue;
    const { entity, findings } = withStoredSecrets(draft, normalise(identified), entityOf);
    report(findings);
    report(checkMeaning(draft, entity, context, options));
    entities.push({ identified, entity });
  }
  return { entities, diagnostics: [...all, ...unreachable(entities)] };
}

function unreachable(entities: readonly CheckedEntity[]): readonly Diagnostic[] {
  const of = (collection: CollectionName) =>
    entities.filter(({ identified }) => identified.draft.collection === collection);
  const disabled = new Set(of("services").flatMap(({ entity }) => ((entity as Service).enabled ? [] : [entity.id])));
  const drafts = new Map(of("routes").map(({ identified, entity }) => [entity.id, identified.draft]));
  const routes = of("routes").map(({ entity }) => entity as Route);
  const served = routes.filter(({ service }) => service === undefined || !disabled.has(service.id));
  return findUnreachable(served).flatMap(({ route, by }) => {
    const [draft, other] = [drafts.get(route.id), drafts.get(by.id)];
    if (draft === undefined || other === undefined) return [];
    const label = labelOf(other).replace("Route", "the route");
    const message = `no request reaches it: ${label} matches the same ones, and equal routes go by id.`;
    const related = [{ message: "This one is taken", place: placeOfDraft(other) }];
    return diagnose(draft, { severity: "warning", code: "route-unreachable", message, path: [], related }) ?? [];
  });
}

/** An entity of a dump says `[masked]` where the store holds a secret in plain text. */
function withStoredSecrets(draft: Draft, entity: Entity, entityOf: Known["entityOf"]) {
  const { collection } = draft;
  const body = entity as unknown as JsonObject;
  if (!holdsMask(draft.value)) return { entity, findings: [] };
  const restored = restoreSecrets(collection, body, entityOf(collection, entity.id));
  const findings = restored.missing.map((path): Finding => {
    const message = `${printPath(path)} is ${MASK}, which means "unchanged", and the store holds no such secret.`;
    return { severity: "error", code: "masked-secret", message, fix: MASKED_FIX, path };
  });
  return { entity: restored.entity as unknown as Entity, findings };
}

const MASKED_FIX = "Write the secret, best as a vault reference, or dump the store with --with-secrets.";

function loadedConfig(
  entities: readonly CheckedEntity[],
  header: DocumentHeader,
  sources: readonly Source[],
  diagnostics: readonly Diagnostic[],
  options: Pick<LoadOptions, "plugins">,
): LoadedConfig {
  const origins = entities.map(({ identified }): [string, readonly string[]] => [identified.id, originsOf(identified)]);
  const isNotRun = ({ identified: { draft }, entity }: CheckedEntity): boolean => {
    const name = nameOf(draft) ?? "";
    if (draft.collection !== "plugins" || isObserver(name)) return false;
    return !options.plugins.has(name) || notRunOfPlugin(entity as Plugin).length > 0;
  };
  return {
    config: sortConfig(entities.map(({ identified, entity }) => ({ collection: identified.draft.collection, entity }))),
    origins: Object.fromEntries(origins.filter(([, pointers]) => pointers.length > 0)),
    diagnostics,
    selectTags: header.selectTags,
    files: sources.map(({ file }) => file),
    unavailablePlugins: entities.filter(isNotRun).map(({ entity }) => entity.id),
  };
}

function nothingDeclared(sources: readonly Source[]): Diagnostic {
  const names = sources.map(({ file }) => (file === "-" ? "standard input" : `"${file}"`)).join(", ");
  return {
    severity: "error",
    code: "nothing-declared",
    message: `Nothing is declared in ${names === "" ? "the input" : names}.`,
    fix: "Declare services, routes, plugins or vaults. To empty a store on purpose, use `gw reset`.",
    ...(sources[0] === undefined ? {} : { place: { file: sources[0].file, line: 1, column: 1 } }),
  };
}
