import { expect, it } from "vitest";
import { changeText, editPlugin, headFileOf } from "../../../src/config/edit-plugin.ts";

const text = `# keep me
plugins:
  - name: ai-proxy-advanced
    config:
      vectordb:
        host: \${{ env "DECK_REDIS" }} # and me
      targets:
        - description: code
          gw: { client_params: true }
        - description: CATCHALL
`;
const shape = { name: "ai-proxy-advanced", descriptions: ["code", "CATCHALL"] };
const change = { gw: { rule: "contrast" }, targets: [{ index: 0, gw: { threshold: 0.9 } }] };

it("changes the fields and nothing else", () => {
  expect(editPlugin(text, shape, change)).toBe(
    `${text.replace("client_params: true }", "client_params: true, threshold: 0.9 }")}      gw:\n        rule: contrast\n`,
  );
});

it.each([
  ["plugins: []\n", "No plugin of the file has these targets."],
  [`${text}${text.slice(text.indexOf("  - name"))}`, "More than one plugin of the file has these targets."],
  ["a: [", "not plain YAML"],
])("refuses %j", (given, message) => {
  expect(() => editPlugin(given, shape, change)).toThrow(message);
});

it("prints the change for people to make", () => {
  expect(changeText(change)).toBe("gw:\n  rule: contrast\ntargets:\n  - index: 0\n    gw:\n      threshold: 0.9\n");
});

it("removes a field that is to be undefined, and tells which file holds the head", () => {
  const inline = editPlugin(text, shape, { gw: { head: { embedding: "local/m" } }, targets: [] });
  expect(headFileOf(inline, shape)).toBeUndefined();
  for (const given of [inline, text]) {
    const moved = editPlugin(given, shape, { gw: { head: undefined, head_file: "kong.head" }, targets: [] });
    expect(moved).toBe(`${text}      gw:\n        head_file: kong.head\n`);
    expect(headFileOf(moved, shape)).toBe("kong.head");
  }
});

it("does not take an expression for the name of a file", () => {
  const given = editPlugin(text, shape, { gw: { head_file: '${{ env "DECK_HEAD" }}' }, targets: [] });
  expect(headFileOf(given, shape)).toBeUndefined();
});
