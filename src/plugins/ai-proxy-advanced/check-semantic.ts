import { headProblem } from "../../balancer/head/head.ts";
import { didYouMean } from "../../core/did-you-mean.ts";
import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { checkAuth } from "./check-auth.ts";
import { checkEmbeddingOptions } from "./check-embedding-options.ts";
import { allOrNone, error, noEffect, notSupported, warning } from "./check-finding.ts";

type Embeddings = NonNullable<AiProxyAdvancedConfig["embeddings"]>;
type VectorDb = NonNullable<AiProxyAdvancedConfig["vectordb"]>;

const CATCHALL = "CATCHALL";
const LOCAL_MODEL = "universal-sentence-encoder-lite";
/** What the semantic algorithm needs, and whether its parts fit together. */
export function checkSemantic(config: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  const { embeddings, vectordb, targets } = config;
  const findings: ConfigFinding[] = [];
  if (embeddings === undefined)
    findings.push(incomplete("embeddings", "needs embeddings: the model that compares prompts with descriptions"));
  if (vectordb === undefined)
    findings.push(incomplete("vectordb", "needs vectordb: where vectors are kept, and the threshold"));
  for (const [index, { description, gw }] of targets.entries()) {
    if (description === undefined)
      findings.push(incomplete(`targets.${index}.description`, `needs a description of targets.${index}`));
    if (description === CATCHALL && gw.examples !== undefined) {
      const message = "CATCHALL is compared with nothing, so its examples have no effect.";
      findings.push(warning("no-effect", `targets.${index}.gw.examples`, message));
    }
  }
  findings.push(...checkCatchall(targets), ...checkHead(config));
  if (vectordb !== undefined) {
    findings.push(...checkThreshold(vectordb.threshold, "vectordb.threshold", vectordb), ...checkSimilarity(config));
    for (const [index, { gw }] of targets.entries()) {
      const own = checkThreshold(gw.threshold, `targets.${index}.gw.threshold`, vectordb);
      // A head decides better than any distance: gw tune opens the thresholds for it.
      findings.push(...own.filter(({ severity }) => severity === "error" || !hasHead(config)));
    }
  }
  return findings;
}

export function checkEmbeddings({ model, auth }: Embeddings, vectordb: VectorDb | undefined): readonly ConfigFinding[] {
  const findings = [...checkAuth({ model, auth }, "embeddings.auth"), ...checkEmbeddingOptions(model)];
  if (model.provider === "local" && auth !== undefined)
    findings.push(noEffect("embeddings.auth", "auth of the local embedding model"));
  if (model.provider === "local" && model.name !== LOCAL_MODEL) {
    const message = `there is no local embedding model "${model.name}".${didYouMean(model.name, [LOCAL_MODEL])}`;
    findings.push(error("bad-value", "embeddings.model.name", message, `Use ${LOCAL_MODEL}.`));
  }
  return vectordb === undefined ? findings : [...findings, ...checkDimensions(model, vectordb.dimensions)];
}

export function checkVectorDb(vectordb: VectorDb): readonly ConfigFinding[] {
  const { strategy, redis } = vectordb;
  if (strategy === "pgvector" && vectordb.pgvector === undefined)
    return [withoutBlock(strategy, "host, database and user")];
  if (strategy !== "redis") return [];
  if (redis === undefined) return [withoutBlock(strategy, "host and port")];
  const at = "vectordb.redis";
  const findings = [...allOrNone(at, "redis", redis, ["sentinel_master", "sentinel_role", "sentinel_nodes"])];
  if (redis.sentinel_nodes !== undefined && redis.cluster_nodes !== undefined) {
    findings.push(
      error("option-conflict", `${at}.cluster_nodes`, "sentinel_nodes and cluster_nodes cannot both be set."),
    );
  }
  if (redis.cloud_authentication !== undefined)
    findings.push(notSupported(`${at}.cloud_authentication`, "cloud_authentication"));
  if (redis.keepalive_backlog !== undefined) findings.push(noEffect(`${at}.keepalive_backlog`, "keepalive_backlog"));
  return findings;
}

function withoutBlock(strategy: string, least: string): ConfigFinding {
  const message = `strategy ${strategy} needs vectordb.${strategy}: at least ${least}.`;
  return error("missing-option", `vectordb.${strategy}`, message, "Or use strategy: memory.");
}

/** Or would have one, if its file could be read. */
function hasHead({ gw }: Pick<AiProxyAdvancedConfig, "gw">): boolean {
  return gw.head !== undefined || gw.head_file !== undefined;
}

/** A head that does not fit would route by weights that mean something else. */
function checkHead({ gw, embeddings, vectordb, targets }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  if (gw.head === undefined || embeddings === undefined || vectordb === undefined) return [];
  if (gw.rule === "literal") return [warning("no-effect", "gw.head", "gw.head has no effect under gw.rule literal.")];
  const problem = headProblem(gw.head, {
    embedding: `${embeddings.model.provider}/${embeddings.model.name}`,
    dimensions: vectordb.dimensions,
    descriptions: targets.flatMap(({ description }) => description ?? []),
  });
  if (problem === undefined) return [];
  return [
    error("bad-value", "gw.head", `gw.head does not fit: ${problem}.`, "Run `gw tune` again, or remove gw.head."),
  ];
}

function incomplete(at: string, what: string): ConfigFinding {
  return error("semantic-incomplete", at, `algorithm semantic ${what}.`);
}

function checkCatchall(targets: AiProxyAdvancedConfig["targets"]): readonly ConfigFinding[] {
  const places = targets.flatMap(({ description }, index) => (description === CATCHALL ? [index] : []));
  const [, second] = places;
  if (second !== undefined) {
    const message = "more than one target is CATCHALL: they share by weight what matches no description.";
    return [warning("catchall-repeated", `targets.${second}.description`, message)];
  }
  if (places.length > 0) return [];
  const almost = targets.findIndex(({ description }) => description?.trim().toUpperCase() === CATCHALL);
  if (almost >= 0) {
    const message = "the description reads almost CATCHALL, and is compared with prompts like any other.";
    return [
      warning(
        "catchall-missing",
        `targets.${almost}.description`,
        message,
        "Write it in capitals, without spaces: CATCHALL.",
      ),
    ];
  }
  const message = "no target is CATCHALL: a prompt that is near no description is answered with 503.";
  return [warning("catchall-missing", "targets", message, "Give one target the description CATCHALL.")];
}

function checkThreshold(
  threshold: number | undefined,
  at: string,
  { distance_metric: metric }: VectorDb,
): readonly ConfigFinding[] {
  if (threshold === undefined) return [];
  const farthest = metric === "cosine" ? 2 : Infinity;
  if (threshold < 0 || threshold > farthest) {
    const range = metric === "cosine" ? "between 0 and 2, the range of cosine distances" : "at least 0";
    return [error("threshold-range", at, `${at} must be ${range}.`)];
  }
  if (metric !== "cosine" || threshold <= 1) return [];
  const message = `${at} is a largest distance: above 1 texts that have nothing in common match too.`;
  return [warning("threshold-range", at, message, "A threshold between 0.2 and 0.8 is usual.")];
}

/** A person who thinks of similarities writes 0.9 for "very near"; as a largest distance it lets nearly everything match. */
const LIKELY_SIMILARITY = 0.85;

/** Another rule than the literal one looks at more than the threshold. */
function checkSimilarity({ vectordb, gw }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  const at = "vectordb.threshold";
  const { threshold = 0, distance_metric: metric } = vectordb ?? {};
  if (metric !== "cosine" || threshold < LIKELY_SIMILARITY || threshold > 1) return [];
  if (gw.rule === "contrast" || hasHead({ gw })) return [];
  const message = `${at} is a largest distance, and ${threshold} was probably meant as a similarity: nearly every prompt is that near to every description.`;
  const fix = `A similarity of ${threshold} is a distance of ${Number((1 - threshold).toFixed(4))}. Between 0.2 and 0.8 is usual; \`gw tune\` finds one.`;
  return [warning("threshold-similarity", at, message, fix)];
}

/** Models whose vectors have a fixed length, or can only be shortened. Another server may serve other models by the same name. */
function checkDimensions(
  { provider, name, options }: Embeddings["model"],
  dimensions: number,
): readonly ConfigFinding[] {
  const lengths = options?.upstream_url === undefined ? modelLengths[`${provider} ${name}`] : undefined;
  if (lengths === undefined || (dimensions >= lengths[0] && dimensions <= lengths[1])) return [];
  const [least, most] = lengths;
  const wanted = least === most ? `${most}` : most === Infinity ? `at least ${least}` : `at most ${most}`;
  return [
    error(
      "option-conflict",
      "vectordb.dimensions",
      `vectordb.dimensions must be ${wanted} for the embedding model ${name}.`,
    ),
  ];
}

const modelLengths: Readonly<Record<string, readonly [least: number, most: number]>> = {
  "openai text-embedding-3-small": [1, 1536],
  "openai text-embedding-3-large": [1, 3072],
  "openai text-embedding-ada-002": [1536, 1536],
  "azure text-embedding-3-small": [1, 1536],
  "azure text-embedding-3-large": [1, 3072],
  "azure text-embedding-ada-002": [1536, 1536],
  "mistral mistral-embed": [1024, 1024],
  "bedrock amazon.titan-embed-text-v1": [1536, 1536],
  "bedrock amazon.titan-embed-text-v2:0": [1, 1024],
  "gemini gemini-embedding-001": [1, 3072],
  "gemini text-embedding-004": [1, 768],
  // Longer vectors are filled with zeros.
  [`local ${LOCAL_MODEL}`]: [512, Infinity],
};
