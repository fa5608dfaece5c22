import { describe, expect, it } from "vitest";
import { SecretError } from "../../../src/core/errors.ts";
import { isReference, parseReference, printReference } from "../../../src/secrets/reference.ts";

describe("isReference", () => {
  it.each([
    ["{vault://env/x}", true],
    ["{vault://;/x}", true],
    ["{vault://}", true],
    ["Bearer {vault://env/x}", false],
    ["{vault://env/x} ", false],
    ["{VAULT://env/x}", false],
    ["vault://env/x", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isReference(text)).toBe(expected);
  });
});

describe("parseReference", () => {
  it.each([
    ["{vault://env/test}", { prefix: "env", resource: "test", query: {} }],
    ["{vault://env/test-secret/test-key}", { prefix: "env", resource: "test-secret", key: "test-key", query: {} }],
    ["{vault://env//a///b}", { prefix: "env", resource: "a", key: "b", query: {} }],
    ["{vault://env/a/b/}", { prefix: "env", resource: "a/b", query: {} }],
    ["{vault://env/a/}", { prefix: "env", resource: "a", query: {} }],
    ["{vault://h-v/customer/acme/name}", { prefix: "h-v", resource: "customer/acme", key: "name", query: {} }],
    ["{vault://env/test%3Asecret/k}", { prefix: "env", resource: "test:secret", key: "k", query: {} }],
    ["{vault://aws/%2Fsecret/key}", { prefix: "aws", resource: "/secret", key: "key", query: {} }],
    ["{vault://env/x?prefix=SSL_#1}", { prefix: "env", resource: "x", query: { prefix: "SSL_" }, version: 1 }],
    ["{vault://env/x?ttl=5&neg_ttl=1}", { prefix: "env", resource: "x", query: { ttl: "5", neg_ttl: "1" } }],
    ["{vault://env/x?a=b/c}", { prefix: "env", resource: "x", query: { a: "b/c" } }],
    ["{vault://env/x?}", { prefix: "env", resource: "x", query: {} }],
    ["{vault://;/x}", { prefix: ";", resource: "x", query: {} }],
  ])("reads %s", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    ["{vault://}", "reference url is missing host [{vault://}]"],
    ["{vault:///x}", "reference url is missing host [{vault:///x}]"],
    ["{vault://env}", "reference url is missing path [{vault://env}]"],
    ["{vault://env?a=b}", "reference url is missing path [{vault://env?a=b}]"],
    ["{vault://env/}", "reference url has empty path [{vault://env/}]"],
    ["{vault://env/?a=b}", "reference url has empty path [{vault://env/?a=b}]"],
    ["{vault://env/////}", "reference url has invalid path [{vault://env/////}]"],
    ["{vault://env/x#latest}", "reference url has invalid version [{vault://env/x#latest}]"],
    ["{vault://env/x#}", "reference url has invalid version [{vault://env/x#}]"],
    ["{vault://env/x#-1}", "reference url has invalid version [{vault://env/x#-1}]"],
  ])("refuses %s in Kong's words", (text, message) => {
    expect(() => parseReference(text)).toThrow(new SecretError("GW_SECRET_BAD_REFERENCE", message));
  });

  it.each([
    "{vault://h/../sys/raw}",
    "{vault://h/a/%2e%2e/b}",
    "{vault://h/a%2F..%2Fb/k}",
    "{vault://h/./k}",
    "{vault://h/a/..}",
  ])("refuses to leave the mount: %s", (text) => {
    expect(() => parseReference(text)).toThrow(/"." and ".." are not allowed/);
  });

  it("refuses a broken escape", () => {
    expect(() => parseReference("{vault://env/100%}")).toThrow(/write %25/);
  });

  it("does not repeat text that is no reference, because it may be a secret", () => {
    expect(() => parseReference("sk-canary")).toThrow(
      expect.objectContaining({ code: "GW_SECRET_BAD_REFERENCE", message: expect.not.stringContaining("sk-canary") }),
    );
  });
});

describe("printReference", () => {
  it.each([
    "{vault://env/test}",
    "{vault://hashicorp-vault/openai/key}",
    "{vault://env/a/b/}",
    "{vault://aws/%2Fsecret/key}",
    "{vault://aws/secret%2F/key}",
    "{vault://aws/a%2F%2Fb/key}",
    "{vault://env/x?prefix=SSL_#1}",
    "{vault://env/a%7Db}",
  ])("gives back %s", (text) => {
    expect(printReference(parseReference(text))).toBe(text);
  });
});
