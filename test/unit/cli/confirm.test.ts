import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "../../../src/cli/confirm.ts";
import { fakeTerminal } from "../../support/fake-terminal.ts";

async function answer(text: string): Promise<boolean> {
  const stdin = new PassThrough();
  stdin.end(text);
  return await confirm("Go on?", fakeTerminal({ stdin }));
}

describe("confirm", () => {
  it.each(["y\n", "Y\n", "yes\n", " yes \n", "y"])("takes %j as yes", async (text) => {
    expect(await answer(text)).toBe(true);
  });

  it.each(["n\n", "\n", "", "yep\n", "no\ny\n"])("takes %j as no", async (text) => {
    expect(await answer(text)).toBe(false);
  });

  it("asks on stderr", async () => {
    const terminal = fakeTerminal();
    await confirm("Go on?", terminal);
    expect(terminal.said).toEqual({ out: "", err: "Go on? [y/N] " });
  });

  it("rejects when it is interrupted", async () => {
    const controller = new AbortController();
    const asked = confirm("Go on?", fakeTerminal({ stdin: new PassThrough(), signal: controller.signal }));
    controller.abort();
    await expect(asked).rejects.toThrow(/abort/i);
  });
});
