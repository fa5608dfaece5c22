import { expect, test } from "vitest";
import { retryAfterMs } from "../../../../src/plugins/ai-proxy-advanced/retry-after.ts";

const now = Date.UTC(2026, 10, 22, 12, 0, 0);

test.each([
  [["Retry-After", "7"], 7000],
  [["x", "1", "retry-after", " 0 "], 0],
  [["retry-after", "Sun, 22 Nov 2026 12:00:09 GMT"], 9000],
  [["retry-after", "Sun, 22 Nov 2026 11:00:00 GMT"], 0],
  [["retry-after", "soon"], 0],
  [["retry-after", "-5"], 0],
  [["retry-after", "1.5e3"], 0],
  [[], 0],
])("%j asks for %d ms", (headers, ms) => {
  expect(retryAfterMs(headers, now)).toBe(ms);
});
