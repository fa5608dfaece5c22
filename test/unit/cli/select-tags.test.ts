import { describe, expect, it } from "vitest";
import { selectTags } from "../../../src/cli/select-tags.ts";

describe("select tags", () => {
  it("come from the flag, a comma list or repeated, without repetition", () => {
    expect(selectTags({ selectTag: ["a,b", "b", " c"] }, [])).toEqual(["a", "b", "c"]);
  });

  it("come from the files when no flag is given", () => {
    expect(selectTags({}, ["a"])).toEqual(["a"]);
    expect(selectTags({}, [])).toEqual([]);
  });

  it("may be given twice when both agree, in any order", () => {
    expect(selectTags({ selectTag: ["a,b"] }, ["b", "a"])).toEqual(["a", "b"]);
  });

  it("are refused when flag and files differ, showing both", () => {
    expect(() => selectTags({ selectTag: ["a"] }, ["b"])).toThrow(/"a", but _info.select_tags names "b"/);
  });

  it("are refused when one is empty: it would own everything", () => {
    expect(() => selectTags({ selectTag: [""] }, [])).toThrow(/empty tag/);
    expect(() => selectTags({ selectTag: ["a,"] }, [])).toThrow(/empty tag/);
  });
});
