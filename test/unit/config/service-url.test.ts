import { describe, expect, it } from "vitest";
import { splitUrl } from "../../../src/config/service-url.ts";

describe("splitUrl", () => {
  it.each([
    ["http://a.example.com", { protocol: "http", host: "a.example.com", port: 80 }],
    ["https://a.example.com/", { protocol: "https", host: "a.example.com", port: 443, path: "/" }],
    ["HTTPS://a.example.com:8443/v1 b", { protocol: "https", host: "a.example.com", port: 8443, path: "/v1%20b" }],
    ["http://[::1]:9000/x", { protocol: "http", host: "[::1]", port: 9000, path: "/x" }],
    ["grpcs://a", { protocol: "grpcs", host: "a", port: 443 }],
  ])("%s", (url, address) => {
    expect(splitUrl(url)).toEqual(address);
  });

  it.each([
    "a.example.com",
    "a.example.com:8000",
    "http://",
    "http:///x",
    "http://u:p@a",
    "http://a?q=1",
    "http://a#f",
    "http://a:123456",
    "//a",
    "",
  ])("refuses %j", (url) => {
    expect(splitUrl(url)).toBeUndefined();
  });
});
