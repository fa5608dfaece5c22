import type { UpstreamResponse } from "../../../core/http-message.ts";
import { isJsonObject } from "../../../core/json.ts";
import { EmbeddingError } from "../../embedding-error.ts";
import type { Asked } from "./answer.ts";
import { parseBody } from "./parse-body.ts";

const MAX_REASON_CHARACTERS = 200;

/**
 * An answer other than 200 as an error. The provider's own words are quoted where they cannot hold a key or a prompt: never for 401 and
 * 403, whose messages repeat part of the key; elsewhere cut to 200 characters, without the credential, and not at all if they quote a text.
 */
export function toEmbeddingError(response: UpstreamResponse, asked: Asked): EmbeddingError {
  const { provider, model } = asked;
  const { status } = response;
  return new EmbeddingError(
    `${provider}/${model} answered ${status} to an embeddings request. ${adviceFor(response, asked)}`,
    {
      provider,
      model,
      status,
    },
  );
}

function adviceFor(response: UpstreamResponse, asked: Asked): string {
  switch (response.status) {
    case 401:
    case 403:
      return 'The key was refused: check embeddings.auth, and that its value starts with "Bearer " where the provider wants that.';
    case 404:
      return "Check embeddings.model.name and embeddings.model.options.upstream_url.";
    case 429:
      return "The provider's rate limit or quota is used up.";
    default:
      return quotableReason(response, asked) ?? "It gave no reason that can be shown here.";
  }
}

function quotableReason({ body }: UpstreamResponse, { texts, credentials }: Asked): string | undefined {
  const reason = withoutCredentials(
    reasonOf(body),
    credentials.map(({ secret }) => secret.reveal()),
  );
  const quotesText = texts.some((text) => text.length >= 8 && reason.includes(text.slice(0, 32)));
  if (reason === "" || quotesText) return undefined;
  return `It says: ${reason.slice(0, MAX_REASON_CHARACTERS).toWellFormed()}`;
}

/** OpenAI writes `{error: {message, type, code}}`, Mistral `{message, type, code}`, small servers `{error: "…"}`. */
function reasonOf(body: Buffer): string {
  const answer = parseBody(body);
  if (!isJsonObject(answer)) return "";
  const error = isJsonObject(answer["error"]) ? answer["error"] : answer;
  const words = [error["type"], error["code"], error["message"], answer["error"]];
  return words
    .filter((word) => typeof word === "string" || typeof word === "number")
    .join(": ")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ");
}

/** The whole value, and its words: a provider that echoes `Bearer key` shows the key alone. */
function withoutCredentials(reason: string, values: readonly string[]): string {
  const parts = values
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((part) => part.length >= 6 && part !== "Bearer");
  return parts.reduce((text, part) => text.replaceAll(part, "[secret]"), reason);
}
