import { describe, expect, it } from "vitest";
import { normalisePath } from "../../../src/core/normalise-path.ts";
import { joinUpstreamPath } from "../../../src/gateway/upstream-path.ts";
import { uuidV5 } from "../../../src/core/uuid-v5.ts";

describe("normalisePath", () => {
  it.each([
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["/a//b///c", "/a/b/c"],
    ["//a", "/a"],
    ["/a/./b/../c", "/a/c"],
    ["/a/..", "/"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["/../../etc", "/etc"],
    ["/%2e%2e/etc", "/etc"],
    ["/a/%2E%2e%2fb", "/a/..%2Fb"],
    ["/%7euser/%41", "/~user/A"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/a%2fb", "/a%2Fb"],
    ["/100%", "/100%"],
    ["/a.b/.hidden/...", "/a.b/.hidden/..."],
  ])("%s becomes %s, and stays so", (path, expected) => {
    expect(normalisePath(path)).toBe(expected);
    expect(normalisePath(expected)).toBe(expected);
  });
});

describe("joinUpstreamPath", () => {
  it.each([
    // service, request, stripped prefix, expected
    ["/s", "/r/x", "/r", "/s/x"],
    ["/s", "/r", "/r", "/s"],
    ["/s", "/r/", "/r", "/s/"],
    ["/s", "/r/x", undefined, "/s/r/x"],
    ["/s/", "/r/x", undefined, "/s/r/x"],
    ["/s", "/", undefined, "/s"],
    ["/s/", "/", undefined, "/s/"],
    ["/s/", "/r", "/r", "/s"],
    ["/s/", "/r/", "/r/", "/s/"],
    ["/s", "/r/", "/r/", "/s/"],
    ["/s", "/", "/", "/s"],
    ["/s/", "/", "/", "/s/"],
    ["/s", "/rest", "/r", "/s/est"],
    [undefined, "/r/x", "/r", "/x"],
    [undefined, "/r", "/r", "/"],
    [undefined, "/r/x", undefined, "/r/x"],
    ["/", "/", "/", "/"],
    ["/s", "/x", "/", "/s/x"],
    ["/s", "/r../x", "/r", "/s/x"],
    ["/s", "/r..", "/r", "/s"],
    ["/s", "/r./x", "/r", "/s/x"],
  ])("service %s, request %s, stripped %s: %s", (service, path, prefix, expected) => {
    expect(joinUpstreamPath(service, path, prefix)).toBe(expected);
  });
});

it("uuidV5 is that of RFC 9562, appendix A.4", () => {
  expect(uuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com")).toBe(
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
});
