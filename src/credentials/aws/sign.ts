import { sign } from "aws4";
import { BugError } from "../../core/errors.ts";
import type { UpstreamRequest } from "../../core/http-message.ts";
import type { AwsKeys } from "./keys.ts";

export interface SigningScope {
  readonly region: string;
  /** `bedrock`, `sts`. */
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The request with AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). Host, Content-Type and
 * the signature's own headers are signed: others may change on their way. What a client sent of the signature's headers is dropped.
 */
export function signRequest(
  request: UpstreamRequest,
  keys: AwsKeys,
  { region, service, now }: SigningScope,
): UpstreamRequest {
  const { method, origin, path, body } = request;
  if (body !== null && typeof body !== "string" && !Buffer.isBuffer(body))
    throw new BugError("A stream cannot be signed.");
  const kept = withoutSignature(request.headers);
  const contentType = valueOf(kept, "content-type");
  const signed = sign(
    {
      method,
      path,
      service,
      region,
      headers: {
        host: valueOf(kept, "host") ?? new URL(origin).host,
        "X-Amz-Date": new Date(now).toISOString().replaceAll(/[:-]|\.\d{3}/g, ""),
        ...(contentType === undefined ? {} : { "content-type": contentType }),
      },
      extraHeadersToIgnore: { "content-length": true },
      body: body ?? "",
    },
    keys,
  );
  const added = Object.entries(signed.headers).filter(([name]) => isOfSignature.test(name));
  return { ...request, headers: [...kept, ...added.flat()] };
}

const isOfSignature = /^(?:authorization|x-amz-.*)$/i;

function withoutSignature(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!isOfSignature.test(name)) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

function valueOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}
