import { UpstreamError } from "../../core/errors.ts";
import type { ChatEvent, ChatStreamDecoder, ProviderFailure } from "../../llm/answer.ts";
import type { AnswerIdentity, AnswerStream } from "../../llm/front.ts";
import { parseObject } from "../../llm/read-answer.ts";
import type { TranslatedUsage } from "../../llm/translated-usage.ts";
import type { AnswerTranslation } from "../../llm/way.ts";
import type { UpstreamFlow, UpstreamHandler } from "../../upstream/upstream.ts";
import { contentEncoding, decodeContent } from "./content-encoding.ts";

export interface TranslationOptions extends AnswerTranslation {
  readonly count: TranslatedUsage;
  readonly identity: AnswerIdentity;
  readonly isStream: boolean;
  /** The client set `stream_options.include_usage`. */
  readonly includesUsage: boolean;
}

/** Longer whole answers are refused: they would have to be held in memory twice. */
const MAX_ANSWER_BYTES = 32 << 20;

/**
 * Stands between a provider that speaks another format and the relay, which then sees an answer in the client's: a stream event by event as it
 * comes, anything else when it is complete. A stream that ends early, or with an error of the provider's, is an error to the relay.
 */
export class Translation implements UpstreamHandler {
  readonly #options: TranslationOptions;
  readonly #relay: UpstreamHandler;
  #flow: UpstreamFlow | undefined;
  #part: AnswerPart = nothing;
  #isComplete = false;
  #isOver = false;

  constructor(options: TranslationOptions, relay: UpstreamHandler) {
    this.#options = options;
    this.#relay = relay;
  }

  onStart(flow: UpstreamFlow): void {
    this.#flow = flow;
    this.#relay.onStart(flow);
  }

  onHead(status: number, headers: readonly string[]): void {
    const isGood = status >= 200 && status < 300;
    const encoding = contentEncoding(headers);
    if (!isGood) this.#part = this.#failureOf(status, headers, encoding);
    else if (!this.#options.isStream) this.#part = this.#wholeOf(status, headers, encoding);
    else if (encoding === undefined) this.#part = this.#streamOf(status, headers);
    else this.#breakOff(invalid(`its stream is encoded as ${encoding}, though that was not accepted`));
  }

  onData(chunk: Buffer): boolean {
    return this.#isOver || this.#part.onData(chunk);
  }

  onEnd(): void {
    if (!this.#isOver) this.#part.onEnd();
  }

  onError(error: UpstreamError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#relay.onError(error);
  }

  #streamOf(status: number, headers: readonly string[]): AnswerPart {
    const decoder = this.#options.translator.openChatStream();
    const { writer: answers, identity, includesUsage } = this.#options;
    const writer = answers.openStream(identity, includesUsage);
    this.#relay.onHead(status, withType(headers, "text/event-stream"));
    return {
      onData: (chunk) => this.#relay.onData(this.#writeEvents(writer, decoder.push(chunk))),
      onEnd: () => this.#endStream(writer, decoder),
    };
  }

  #endStream(writer: AnswerStream, decoder: ChatStreamDecoder): void {
    this.#relay.onData(this.#writeEvents(writer, decoder.end()));
    if (!this.#isComplete) {
      this.#breakOff(unfinished());
      return;
    }
    this.#isOver = true;
    this.#relay.onEnd();
  }

  /** Also of no events: the relay learns that the stream is alive. */
  #writeEvents(writer: AnswerStream, events: readonly ChatEvent[]): Buffer {
    const { count } = this.#options;
    let text = "";
    for (const event of events) {
      count.add(event);
      if (event.type === "end") this.#isComplete = true;
      if (event.type === "failed") {
        if (text !== "") this.#relay.onData(Buffer.from(text));
        this.#breakOff(providerFailed(event.failure));
        return noBytes;
      }
      text += writer.write(event);
    }
    return text === "" ? noBytes : Buffer.from(text);
  }

  #wholeOf(status: number, headers: readonly string[], encoding: string | undefined): AnswerPart {
    return this.#collect((body) => {
      const { translator, writer, identity, count } = this.#options;
      const result = translator.parseChat(decodeContent(body, encoding, MAX_ANSWER_BYTES));
      count.tokens = result.usage;
      this.#pass(status, headers, writer.writeChat(result, identity));
    });
  }

  #failureOf(status: number, headers: readonly string[], encoding: string | undefined): AnswerPart {
    this.#relay.onHead(status, withType(headers, JSON_TYPE));
    return this.#collect((body) => {
      const text = decodeContent(body, encoding, MAX_ANSWER_BYTES);
      const { translator, writer } = this.#options;
      this.#finish(writer.writeFailure(translator.parseFailure(status, text), status, parseObject(text)));
    });
  }

  #collect(read: (body: Buffer) => void): AnswerPart {
    const chunks: Buffer[] = [];
    let length = 0;
    return {
      onData: (chunk) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) this.#breakOff(tooLarge());
        return true;
      },
      onEnd: () => {
        try {
          read(Buffer.concat(chunks));
        } catch (thrown) {
          this.#breakOff(invalid(thrown instanceof Error ? thrown.message : "it cannot be read"));
        }
      },
    };
  }

  #pass(status: number, headers: readonly string[], text: string): void {
    this.#relay.onHead(status, [...withType(headers, JSON_TYPE), "Content-Length", String(Buffer.byteLength(text))]);
    this.#finish(text);
  }

  #finish(text: string): void {
    this.#isOver = true;
    this.#relay.onData(Buffer.from(text));
    this.#relay.onEnd();
  }

  #breakOff(error: UpstreamError): void {
    this.onError(error);
    this.#flow?.cancel();
  }
}

/** What is done with the body that follows a head. */
interface AnswerPart {
  onData(chunk: Buffer): boolean;
  onEnd(): void;
}

const nothing: AnswerPart = { onData: () => true, onEnd() {} };
const noBytes = Buffer.alloc(0);
const JSON_TYPE = "application/json";

const ofBody: ReadonlySet<string> = new Set(["content-type", "content-length", "content-encoding", "etag", "digest"]);

/** The provider's headers without those that describe its own body. */
function withType(headers: readonly string[], type: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!ofBody.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  kept.push("Content-Type", type);
  return kept;
}

function invalid(why: string): UpstreamError {
  const message = `The provider's answer cannot be translated: ${why}.`;
  return new UpstreamError("GW_UPSTREAM_INVALID", message, { details: { sent: true } });
}

function unfinished(): UpstreamError {
  const message = "The provider's stream stopped before it was complete.";
  return new UpstreamError("GW_UPSTREAM_RESET", message, { details: { sent: true } });
}

function tooLarge(): UpstreamError {
  const message = `The provider's answer is larger than ${MAX_ANSWER_BYTES >> 20} MiB, the most that gw translates.`;
  return new UpstreamError("GW_UPSTREAM_TOO_LARGE", message, { details: { sent: true } });
}

function providerFailed({ message, code }: ProviderFailure): UpstreamError {
  const said = code === null ? message : `${code}: ${message}`;
  return new UpstreamError("GW_UPSTREAM_FAILED", said, { details: { sent: true } });
}
