import { describe, expect, test } from "vitest";
import { signRequest } from "../../../src/credentials/aws/sign.ts";
import { isSignedBy, signedHeaders } from "../../support/verify-signature.ts";

const keys = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: undefined,
};
const scope = { region: "us-east-1", service: "service", now: Date.parse("2015-08-30T12:36:00Z") };

function headersOf(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? ""]] : [])),
  );
}

// The suite of test vectors that AWS publishes for implementers of Signature Version 4.
test.each([
  ["get-vanilla", "GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post-vanilla", "POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
])("signs AWS's own example %s as AWS does", (_, method, signature) => {
  const request = { method, origin: "https://example.amazonaws.com", path: "/", headers: [], body: null };
  const signed = headersOf(signRequest(request, keys, scope).headers);
  expect(signed).toEqual({
    "x-amz-date": "20150830T123600Z",
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  });
});

describe("a request to a model", () => {
  const request = {
    method: "POST",
    origin: "https://bedrock-runtime.us-east-1.amazonaws.com",
    path: "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse?b=2&a=x%20y",
    headers: ["content-type", "application/json", "User-Agent", "a", "User-Agent", "b", "X-Amz-Date", "the client's"],
    body: Buffer.from('{"größe":1}'),
  };
  const signed = signRequest(request, { ...keys, sessionToken: "session" }, { ...scope, service: "bedrock" });
  const received = {
    method: signed.method,
    path: signed.path,
    body: request.body,
    headers: { ...headersOf(signed.headers), host: "bedrock-runtime.us-east-1.amazonaws.com" },
  };

  test("is signed as the service checks it, with its colon encoded twice", () => {
    expect(isSignedBy(keys.secretAccessKey, received)).toBe(true);
    expect(isSignedBy("another", received)).toBe(false);
    expect(isSignedBy(keys.secretAccessKey, { ...received, body: Buffer.from("{}") })).toBe(false);
    expect(isSignedBy(keys.secretAccessKey, { ...received, path: "/model/other/converse" })).toBe(false);
  });

  test("binds nothing that may change on its way, and takes no part of a signature from the client", () => {
    expect(signedHeaders(received)).toBe("content-type;host;x-amz-date;x-amz-security-token");
    expect(signed.headers.filter((text) => text.toLowerCase() === "x-amz-date")).toHaveLength(1);
    expect(received.headers).toMatchObject({ "x-amz-date": "20150830T123600Z", "x-amz-security-token": "session" });
    expect({ ...signed, headers: [] }).toEqual({ ...request, headers: [] });
  });
});
