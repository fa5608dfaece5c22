import { describe, expect, it } from "vitest";
import { createFakeRediSearch } from "../../support/fake-redisearch.ts";
import { readRecordedReplies } from "../../support/recorded-replies.ts";

/** What gw never sends; the fake refuses it. */
const notPlayed = new Set([
  "module list",
  "unknown index info",
  "range, radius 0.8",
  "range, nothing near",
  "knn with a tag filter",
  "info",
]);

describe("the stand-in for RediSearch", () => {
  it("answers the recorded commands with the recorded bytes", () => {
    const { handle } = createFakeRediSearch();
    const played = readRecordedReplies("redisearch-2.10-resp2.json").filter(({ note }) => !notPlayed.has(note));
    const answers = played.map(({ note, command }) => ({ note, reply: handle(command) }));
    expect(answers).toEqual(played.map(({ note, reply }) => ({ note, reply })));
    expect(played.length).toBeGreaterThan(15);
  });

  it.each([
    ["FT.SEARCH", "i", "*=>[KNN 2 @vector $v AS distance]", "DIALECT", "2"],
    ["FT.CREATE", "i", "ON", "JSON"],
    ["FT.INFO", "i"],
    ["COMMAND", "INFO", "VADD"],
    ["VADD", "k", "FP32", "", "id"],
    ["FLUSHALL"],
  ])("refuses and remembers what was not recorded: %s %s %s", (...words) => {
    const { handle, refused } = createFakeRediSearch();
    expect(handle(words.map((word) => Buffer.from(word)))).toMatch(/^-ERR not among the recorded commands/u);
    expect(refused).toHaveLength(1);
  });
});
