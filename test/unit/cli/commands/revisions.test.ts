import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Terminal } from "../../../../src/cli/command.ts";
import { main } from "../../../../src/cli/main.ts";
import { fakeTerminal } from "../../../support/fake-terminal.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const services = (...names: readonly string[]): string =>
  `_format_version: "3.0"\nservices:\n${names.map((name) => `  - { name: ${name}, url: "http://${name}.example.com" }\n`).join("")}`;

function project() {
  const cwd = tempDir();
  const gw = async (argv: readonly string[], given: Partial<Terminal> = {}) => {
    const terminal = fakeTerminal({ cwd, environment: { USER: "someone" }, ...given });
    return { code: await main(argv, terminal), ...terminal.said };
  };
  const write = (text: string, name = "kong.yaml"): void => writeFileSync(join(cwd, name), text);
  return { cwd, gw, write };
}

describe("gw history and gw rollback", () => {
  it("list what was synced, the newest first, and go back to it", async () => {
    const { gw, write } = project();
    write(services("a", "b"));
    await gw(["sync"]);
    write(services("a"));
    await gw(["sync"]);
    const back = await gw(["rollback"]);
    expect(back).toEqual({
      code: 0,
      out: "creating service b\nSummary:\n  Created: 1\n  Updated: 0\n  Deleted: 0\n",
      err: "",
    });
    const { out } = await gw(["history"]);
    expect(out.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "TIME"))).toEqual([
      "3  TIME  someone  +1 ~0 -0  (revision 1)",
      "2  TIME  someone  +0 ~0 -1  kong.yaml",
      "1  TIME  someone  +2 ~0 -0  kong.yaml",
      "",
    ]);
    expect(JSON.parse((await gw(["history", "--json"])).out)).toMatchObject({
      revisions: [{ serial: 1, readable: true }, { serial: 2 }, { serial: 3, summary: { created: 1 } }],
    });
  });

  it("refuse what is no revision", async () => {
    const { gw, write } = project();
    write(services("a"));
    await gw(["sync"]);
    expect(await gw(["rollback"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("GW_STATE_NO_REVISION") as string,
    });
    expect(await gw(["rollback", "7"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no revision 7") as string,
    });
    expect(await gw(["rollback", "x"])).toMatchObject({ code: 1, err: expect.stringContaining("GW_USAGE") as string });
  });
});

describe("gw apply", () => {
  it("adds to the store, refers to what it holds, and deletes nothing", async () => {
    const { gw, write } = project();
    write(services("a", "b"));
    await gw(["sync"]);
    write('_format_version: "3.0"\nroutes:\n  - { name: r, service: { name: a }, paths: [/r] }\n', "more.yaml");
    expect(await gw(["validate", "more.yaml"])).toMatchObject({ code: 1 });
    expect(await gw(["apply", "more.yaml"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("creating route r\n") as string,
    });
    expect((await gw(["dump"])).out).toContain("name: b");
    expect(await gw(["apply", "more.yaml"])).toMatchObject({ out: expect.stringContaining("Created: 0") as string });
  });

  it("updates the entity that has the name, whatever its id, and refuses another id", async () => {
    const { gw, write } = project();
    const id = "11111111-1111-4111-8111-111111111111";
    write(`_format_version: "3.0"\nservices:\n  - { id: ${id}, name: a, host: old.example.com }\n`);
    await gw(["sync"]);
    write('_format_version: "3.0"\nservices:\n  - { name: a, host: new.example.com }\n');
    expect(await gw(["diff"])).toMatchObject({ out: expect.stringContaining("updating service a") as string });
    expect(await gw(["apply"])).toMatchObject({ code: 0, out: expect.stringContaining("Updated: 1") as string });
    write(
      '_format_version: "3.0"\nservices:\n  - { id: 22222222-2222-4222-8222-222222222222, name: a, host: x.example.com }\n',
    );
    expect(await gw(["apply"])).toMatchObject({ code: 1, err: expect.stringContaining(id) as string });
  });
});

describe("_info.default_lookup_tags", () => {
  it("lets files refer to entities of the store that carry the tags", async () => {
    const { gw, write } = project();
    write(services("a", "b").replace("name: a,", "name: a, tags: [shared],"));
    await gw(["sync"]);
    const route = (service: string): string =>
      `_format_version: "3.0"\n_info: { select_tags: [mine], default_lookup_tags: { services: [shared] } }\nroutes:\n  - { name: r, service: { name: ${service} }, paths: [/r] }\n`;
    write(route("b"));
    expect(await gw(["validate"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("unknown-reference") as string,
    });
    write(route("a"));
    expect(await gw(["validate"])).toMatchObject({ code: 0 });
    expect(await gw(["sync"])).toMatchObject({ code: 0, out: expect.stringContaining("Created: 1") as string });
    expect(await gw(["diff", "--non-zero-exit-code"])).toMatchObject({ code: 0 });
  });
});

describe("gw reset", () => {
  it("empties the store only with --force, or when a person agrees", async () => {
    const { gw, write } = project();
    write(services("a"));
    await gw(["sync"]);
    expect(await gw(["reset"])).toMatchObject({ code: 1, err: expect.stringContaining("--force") as string });
    const asked = await gw(["reset"], { isInteractive: true, stdin: Readable.from(["n\n"]) });
    expect(asked).toMatchObject({ code: 1 });
    expect(await gw(["reset", "--force"])).toEqual({
      code: 0,
      out: "deleting service a\nSummary:\n  Created: 0\n  Updated: 0\n  Deleted: 1\n",
      err: "will delete 1:\n  service a\n",
    });
  });
});

describe("gw render", () => {
  it("prints all files as one, with defaults, in both formats", async () => {
    const { gw, write } = project();
    write(services("a"));
    write(services("b"), "b.yaml");
    const { out, code } = await gw(["render", "kong.yaml", "b.yaml"]);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/name: a[^]*retries: 5[^]*name: b/) as string,
    });
    const json = await gw(["file", "render", "kong.yaml", "--format", "json"]);
    expect(JSON.parse(json.out)).toMatchObject({ services: [{ name: "a", connect_timeout: 60_000 }] });
  });
});

describe("flags for decK", () => {
  it("are accepted with a note", async () => {
    const { gw, write } = project();
    write(services("a"));
    const { code, err } = await gw([
      "gateway",
      "sync",
      "--kong-addr",
      "http://x",
      "--parallelism=3",
      "--headers",
      "a:b",
      "--headers",
      "c:d",
    ]);
    expect({ code, err }).toEqual({
      code: 0,
      err: "note: --kong-addr, --parallelism, --headers has no effect: gw keeps its state in a store of its own (--store).\n",
    });
  });
});

describe("~/.gw.yaml", () => {
  it("gives values to flags; variables and flags win", async () => {
    const { cwd, gw, write } = project();
    write(services("a"));
    write("store: from-file.db\nsilence-events: true\n", ".gw.yaml");
    const environment = { HOME: cwd };
    expect((await gw(["sync"], { environment })).out).toBe("Summary:\n  Created: 1\n  Updated: 0\n  Deleted: 0\n");
    const { out } = await gw(["history", "--json", "--store", "from-file.db"]);
    expect(JSON.parse(out)).toMatchObject({ revisions: [{ serial: 1 }] });
    expect((await gw(["history"], { environment: { HOME: cwd, GW_STORE: "other.db" } })).err).toContain(
      "Nothing was ever",
    );
    write("store: {a: 1}\n", ".gw.yaml");
    expect(await gw(["history"], { environment })).toMatchObject({
      code: 1,
      err: expect.stringContaining("GW_USAGE") as string,
    });
  });
});
