import { describe, expect, it } from "vitest";
import { wantsColour } from "../../../src/cli/terminal.ts";

describe("colour", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true, false],
  ])("with %j on a terminal (%s): %s", (environment, isOnTerminal, expected) => {
    expect(wantsColour(environment, isOnTerminal)).toBe(expected);
  });
});
