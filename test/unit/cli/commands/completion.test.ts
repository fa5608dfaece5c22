import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

async function scriptFor(shell: string): Promise<string> {
  const terminal = fakeTerminal({});
  expect(await main(["completion", shell], terminal)).toBe(0);
  const file = join(tempDir(), `gw.${shell}`);
  writeFileSync(file, terminal.said.out);
  return file;
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["-c", "true"]).status === 0;
}

function ask(shell: string, script: string, ...args: string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(shell, ["-c", script, shell, ...args], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter((line) => line !== "");
}

describe.skipIf(!isInstalled("bash"))("gw completion bash", () => {
  const complete = async (...words: string[]): Promise<readonly string[]> =>
    ask(
      "bash",
      'source "$1"; shift; COMP_WORDS=(gw "$@"); COMP_CWORD=$#; _gw; printf "%s\\n" "${COMPREPLY[@]}"',
      await scriptFor("bash"),
      ...words,
    );

  it("completes commands, also behind decK's groups", async () => {
    expect(await complete("val")).toEqual(["validate"]);
    expect(await complete("gateway", "sy")).toEqual(["sync"]);
    expect(await complete("")).toEqual(expect.arrayContaining(["serve", "diff", "completion", "gateway"]));
  });

  it("completes the flags of a command, those of all commands, and the words a flag takes", async () => {
    expect(await complete("diff", "kong.yaml", "--non-z")).toEqual(["--non-zero-exit-code"]);
    expect(await complete("validate", "--st")).toEqual(expect.arrayContaining(["--state", "--store", "--strict-kong"]));
    expect(await complete("validate", "--unknown-plugins", "w")).toEqual(["warn"]);
  });

  it("leaves everything else to the names of files", async () => {
    expect(await complete("validate", "k")).toEqual([]);
  });
});

describe.skipIf(!isInstalled("zsh"))("gw completion zsh", () => {
  it("offers commands and flags", async () => {
    const file = await scriptFor("zsh");
    const script =
      'compadd() { shift; print -l -- "$@" }; source "$1"; words=(gw "$2" "$3"); CURRENT=$#; PREFIX=$argv[-1]; _gw';
    expect(ask("zsh", script, file, "")).toContain("validate");
    expect(ask("zsh", script, file, "validate", "-")).toContain("--strict-kong");
  });
});

describe.skipIf(!isInstalled("fish"))("gw completion fish", () => {
  it("offers commands, flags and words", async () => {
    const file = await scriptFor("fish");
    const complete = (line: string): readonly string[] =>
      ask("fish", `source $argv[2]; complete -C ${JSON.stringify(line)}`, file).map(
        (found) => found.split("\t")[0] ?? "",
      );
    expect(complete("gw val")).toContain("validate");
    expect(complete("gw validate --strict")).toContain("--strict-kong");
    expect(complete("gw validate --unknown-plugins ")).toContain("warn");
  });
});

it.each(["bash", "zsh", "fish"])("knows every flag of `gw sync` in %s", async (shell) => {
  const terminal = fakeTerminal({});
  await main(["completion", shell], terminal);
  for (const flag of ["select-tag", "skip-consumers", "plan", "yes", "store", "no-color"])
    expect(terminal.said.out).toMatch(new RegExp(`sync.*${flag}`));
});

it("refuses a shell that it does not know", async () => {
  const terminal = fakeTerminal({});
  expect(await main(["completion", "csh"], terminal)).toBe(1);
  expect(terminal.said.err).toContain("Shells: bash, zsh, fish");
});
