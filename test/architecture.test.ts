import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string; readonly pathNot?: string };
  readonly to: { readonly path?: string; readonly pathNot?: readonly string[] };
}

interface Cruise {
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
    readonly totalCruised: number;
    readonly totalDependenciesCruised: number;
  };
}

const rules = (createRequire(import.meta.url)("../.dependency-cruiser.cjs") as { forbidden: readonly Rule[] })
  .forbidden;

/** dependency-cruiser over `src` of a folder that has its configuration. Exits with the number of violations, which is no failure here. */
async function cruise(folder: string): Promise<Cruise["summary"]> {
  const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [program, "src", "--config", ".dependency-cruiser.cjs", "--output-type", "json"];
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { stdout: string }) => error,
  );
  return (JSON.parse(stdout) as Cruise).summary;
}

describe("the layers of src", { timeout: 60_000 }, () => {
  it("are kept", async () => {
    const summary = await cruise(root);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
    // With a compiler that it cannot use, dependency-cruiser reads nothing and finds nothing.
    expect(summary.totalCruised).toBeGreaterThan(50);
    expect(summary.totalDependenciesCruised).toBeGreaterThan(summary.totalCruised);
  });

  it("are those of the table in docs/ARCHITECTURE.md", async () => {
    const architecture = await readFile(join(root, "docs/ARCHITECTURE.md"), "utf8");
    expect(Object.fromEntries(ruledLayers())).toEqual(Object.fromEntries(documentedLayers(architecture)));
  });

  it("give each outside package the home that docs/ARCHITECTURE.md names", async () => {
    const architecture = (await readFile(join(root, "docs/ARCHITECTURE.md"), "utf8")).replaceAll("\n", " ");
    const sentence = /Each outside package has one home: (.*?)\. dependency-cruiser/.exec(architecture)?.[1] ?? "";
    const homes = rules.filter(({ name }) => name.startsWith("home-"));
    expect(homes.length).toBeGreaterThan(5);
    for (const { name, from } of homes) {
      const home = unescape(from.pathNot ?? "").replace("src/", "");
      expect(sentence.toLowerCase()).toMatch(new RegExp(`${name.slice("home-".length)}\\b[^,]* in ${home}`));
    }
  });
});

describe("a planted violation", { timeout: 60_000 }, () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gw-layers-"));
    await cp(join(root, ".dependency-cruiser.cjs"), join(folder, ".dependency-cruiser.cjs"));
    await cp(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
    await plant("package.json", '{ "type": "module", "dependencies": { "undici": "*" } }');
    await plant("node_modules/undici/package.json", '{ "name": "undici", "main": "index.js" }');
    await plant("node_modules/undici/index.js", "");
    await plant("src/core/clock.ts", "export const now = 0;");
    await plant("src/gateway/server.ts", 'import { now } from "../core/clock.ts"; export const started = now;');
    await plant("src/upstream/pools.ts", 'import { Pool } from "undici"; export const pool = Pool;');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function plant(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  async function found(): Promise<readonly string[]> {
    return (await cruise(folder)).violations.map(({ rule, from }) => `${rule.name} ${from}`);
  }

  it("is what the next tests plant: before it there is none", async () => {
    expect(await found()).toEqual([]);
  });

  it("of a layer is caught", async () => {
    await plant("src/llm/chat.ts", 'import { started } from "../gateway/server.ts"; export const chat = started;');
    expect(await found()).toEqual(["layer-llm src/llm/chat.ts"]);
  });

  it("by a type alone is caught", async () => {
    await plant(
      "src/core/errors.ts",
      'import type { started } from "../gateway/server.ts"; export type Started = typeof started;',
    );
    expect(await found()).toEqual(["layer-core src/core/errors.ts"]);
  });

  it("of a package's home is caught", async () => {
    await plant("src/gateway/proxy.ts", 'export const client = async () => await import("undici");');
    expect(await found()).toEqual(["home-undici src/gateway/proxy.ts"]);
  });

  it("that imports a test is caught", async () => {
    await plant("test/support/fake.ts", "export const fake = 0;");
    await plant("src/cli/main.ts", 'export { fake } from "../../test/support/fake.ts";');
    expect(await found()).toEqual(["src-is-not-test src/cli/main.ts"]);
  });
});

describe("the repository", () => {
  it("names no path of a machine", async () => {
    const places = ["work/main", "work/shared", "tmp/brief", "root", "Users", "home/[a-z]+"].map((path) => `/${path}/`);
    expect(await grep(`(^|[ (=:,['\`]"?)(${places.join("|")})`)).toEqual([]);
  });

  it("runs every test that it has, or says why not", async () => {
    const left = await grep("\\b(it|test|describe|suite)\\.(only|skip|todo|fails)\\b", "test");
    expect(left.filter((line) => !/\.skip\(.*\breason\b/.test(line))).toEqual([]);
  });
});

/** Layer → what it may import, as the rules say: `core`, `config/types`. */
function ruledLayers(): Map<string, readonly string[]> {
  const layers = rules.filter(({ name }) => name.startsWith("layer-"));
  return new Map(
    layers.map(({ name, to }) => {
      const layer = name.slice("layer-".length);
      const others = (to.pathNot ?? []).filter((path) => path !== `^src/${layer}/`);
      return [layer, others.map((path) => unescape(path).replace("src/", "").replace(/\.ts$/, "")).sort()];
    }),
  );
}

/** The same from the table; `llm (types)` and `plugins/plugin.ts only` are remarks on `llm` and `plugins/plugin`. */
function documentedLayers(markdown: string): Map<string, readonly string[]> {
  const table = /\| layer \| may import \|\n\| --- \| --- \|\n((?:\|.*\|\n)+)/.exec(markdown)?.[1] ?? "";
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.split("|").slice(1, 3));
  return new Map(
    rows
      .filter(([, may]) => may?.trim() !== "anything")
      .flatMap(([layers = "", may = ""]) =>
        listOf(layers).map((layer): [string, readonly string[]] => [layer, listOf(may).sort()]),
      ),
  );
}

function listOf(cell: string): string[] {
  const entries = cell.split(",").map((entry) => entry.replace(/\(.*\)| only|\.ts\b/g, "").trim());
  return entries.filter((entry) => entry !== "–");
}

/** `^src/config/types\.ts$` → `src/config/types.ts`. */
function unescape(pattern: string): string {
  return pattern.replaceAll(/[\\^$]/g, "").replace(/\/$/, "");
}

/** Lines of tracked files that match an extended regular expression. */
async function grep(pattern: string, ...paths: readonly string[]): Promise<readonly string[]> {
  const args = ["grep", "-nIE", pattern, "--", ...paths, ":!package-lock.json"];
  const { stdout } = await run("git", args, { cwd: root }).catch((error: { code: number; stdout: string }) => {
    // 1 says that there is none; anything else that git could not look.
    if (error.code !== 1) throw error;
    return error;
  });
  return stdout.split("\n").filter((line) => line !== "");
}
