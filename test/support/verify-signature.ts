import { createHash, createHmac } from "node:crypto";
import type { ReceivedRequest } from "./fake-upstream.ts";

type Signed = Pick<ReceivedRequest, "method" | "path" | "headers" | "body">;

/**
 * Whether the signature is that of `secretKey`, step by step as the service checks it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Written without the library that signs.
 */
export function isSignedBy(secretKey: string, request: Signed): boolean {
  const authorization = textOf(request.headers["authorization"]);
  const [, scope = "", names = "", signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(authorization) ?? [];
  const date = textOf(request.headers["x-amz-date"]);
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical(request, names.split(";")))].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secretKey}`);
  return signature === hmac(key, toSign).toString("hex");
}

/** Of the header Authorization. */
export function signedHeaders({ headers }: Pick<Signed, "headers">): string | undefined {
  return /SignedHeaders=([^,]+)/.exec(textOf(headers["authorization"]))?.[1];
}

function canonical({ method, path, headers, body }: Signed, names: readonly string[]): string {
  const [pathname = "", query = ""] = path.split("?");
  const parameters = query.split("&").filter((pair) => pair !== "");
  return [
    method,
    pathname.split("/").map(encode).join("/"),
    parameters.map(canonicalPair).sort().join("&"),
    ...names.map((name) => `${name}:${textOf(headers[name]).trim().replaceAll(/ +/g, " ")}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
}

function canonicalPair(pair: string): string {
  const [name = "", value = ""] = pair.split("=");
  return [name, value].map((text) => encode(decodeURIComponent(text))).join("=");
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function textOf(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
