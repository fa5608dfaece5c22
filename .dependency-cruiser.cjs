// The two tables of docs/ARCHITECTURE.md ("Who may import whom", and the home of each package), as rules.
const layers = {
  core: [],
  llm: ["core"],
  secrets: ["core"],
  observability: ["core"],
  redis: ["core", "secrets"],
  upstream: ["core", "secrets"],
  credentials: ["core", "secrets", "upstream"],
  embeddings: ["core", "llm", "secrets", "redis", "upstream"],
  vectors: ["core", "llm", "secrets", "redis", "upstream"],
  balancer: ["core", "llm", "embeddings", "vectors"],
  config: ["core", "secrets/reference\\.ts$", "secrets/vault-cycle\\.ts$"],
  state: ["core", "config/types\\.ts$", "config/kinds\\.ts$", "redis"],
  plugins: ["core", "config/types\\.ts$", "llm", "secrets", "credentials", "redis", "embeddings", "vectors", "balancer", "upstream", "observability"],
  gateway: ["core", "config/types\\.ts$", "secrets", "upstream", "balancer", "observability", "plugins/plugin\\.ts$"],
  routing: ["core", "config/types\\.ts$", "gateway", "plugins", "embeddings", "vectors", "balancer"],
  admin: ["core", "config/types\\.ts$", "secrets/lookup\\.ts$", "gateway", "routing", "observability"],
};

const homes = {
  commander: "cli",
  chalk: "cli/views",
  ora: "cli/views",
  re2js: "core",
  yaml: "config",
  ajv: "config",
  libsql: "state/stores",
  undici: "upstream",
  ioredis: "redis",
  "hashi-vault-js": "secrets/vaults/hcv",
  pino: "observability",
  "prom-client": "observability",
  aws4: "credentials/aws",
  pg: "vectors/stores/pgvector",
  "@energetic-ai": "embeddings/embedders/local",
};

/** `core` allows the whole folder; an entry that ends in `$` allows that file. */
const allowed = (entry) => (entry.endsWith("$") ? `^src/${entry}` : `^src/${entry}/`);

const layerRules = Object.entries(layers).map(([layer, may]) => ({
  name: `layer-${layer}`,
  comment: `${layer}/ may import only: ${may.join(", ") || "nothing"} (docs/ARCHITECTURE.md). Pass the value in, or move the code to the layer it belongs to.`,
  severity: "error",
  from: { path: `^src/${layer}/` },
  to: { path: "^src/", pathNot: [`^src/${layer}/`, ...may.map(allowed)] },
}));

const homeRules = Object.entries(homes).map(([name, home]) => ({
  name: `home-${name}`,
  comment: `${name} has one home: src/${home}. Use what that folder exports.`,
  severity: "error",
  from: { path: "^src/", pathNot: `^src/${home}` },
  to: { path: `^node_modules/${name}(/|$)` },
}));

module.exports = {
  forbidden: [
    { name: "no-circular", comment: "A cycle means that a part has no edge of its own.", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "src-is-not-test", comment: "Product code never imports tests.", severity: "error", from: { path: "^src/" }, to: { path: "^test/" } },
    { name: "no-unresolved", comment: "An import that does not resolve.", severity: "error", from: { path: "^src/" }, to: { couldNotResolve: true } },
    ...layerRules,
    ...homeRules,
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "src/config/generated" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default", "types"] },
  },
};
