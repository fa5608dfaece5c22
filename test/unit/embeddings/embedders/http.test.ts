import { inspect } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Secret } from "../../../../src/core/secret.ts";
import type { EmbedderDefinition, EmbedderSettings } from "../../../../src/embeddings/embedder.ts";
import { mistralEmbedder } from "../../../../src/embeddings/embedders/mistral.ts";
import { openaiEmbedder } from "../../../../src/embeddings/embedders/openai.ts";
import { createUpstream } from "../../../../src/upstream/create-upstream.ts";
import { type EmbeddingsBody, startFakeEmbeddings, vectorOf } from "../../../support/fake-embeddings.ts";
import { closedOrigin, type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";

const KEY = "canary-key-81f3";
const { signal } = new AbortController();
const upstream = createUpstream();
const opened: FakeUpstream[] = [];

afterEach(async () => {
  for (const fake of opened.splice(0)) await fake.close();
});
afterAll(async () => await upstream.close());

const value = async () => new Secret(`Bearer ${KEY}`);
const bearer = { header: { name: "Authorization", value } };

async function open(definition: EmbedderDefinition, settings: Partial<EmbedderSettings>) {
  const full = { provider: definition.name, model: "test-model", dimensions: 4, auth: bearer, ...settings };
  return await definition.create(full, { upstream, notify: () => {} });
}

async function openAgainst(fake: FakeUpstream, settings: Partial<EmbedderSettings> = {}, definition = openaiEmbedder) {
  opened.push(fake);
  return await open(definition, { upstreamUrl: `${fake.origin}/v1/embeddings?tier=eu`, ...settings });
}

/** A server that gives every request the same answer. */
async function answering(status: number, body: unknown): Promise<FakeUpstream> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await startFakeUpstream({ reply: (request) => request.answer(status, {}, text) });
}

function bodyOf(fake: FakeUpstream, position = 0): EmbeddingsBody {
  return JSON.parse(fake.requests[position]?.body.toString() ?? "null") as EmbeddingsBody;
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => expect.fail("should have failed"),
    (error: unknown) => error as Error,
  );
}

describe("the request", () => {
  it("posts model, texts and dimensions with the key in its header", async () => {
    const fake = await startFakeEmbeddings(4);
    const embedder = await openAgainst(fake);
    const vectors = await embedder.embed(["one", "two"], { signal });
    expect(vectors).toEqual(["one", "two"].map((text) => Float32Array.from(vectorOf(text, 4))));
    const [request] = fake.requests;
    expect(request?.method).toBe("POST");
    expect(request?.path).toBe("/v1/embeddings?tier=eu");
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "content-type": "application/json" });
    expect(bodyOf(fake)).toEqual({ model: "test-model", input: ["one", "two"], dimensions: 4 });
  });

  it.each([
    [openaiEmbedder, "text-embedding-ada-002", {}],
    [openaiEmbedder, "text-embedding-3-small", { dimensions: 4 }],
    [mistralEmbedder, "mistral-embed", {}],
    [mistralEmbedder, "codestral-embed", { output_dimension: 4 }],
  ])("asks for a length only where the model takes it: $name $1", async (definition, model, wish) => {
    const fake = await startFakeEmbeddings(4);
    const embedder = await openAgainst(fake, { model }, definition);
    await embedder.embed(["one"], { signal });
    expect(bodyOf(fake)).toEqual({ model, input: ["one"], ...wish });
  });

  it("puts a parameter in the query or the body, beside what is there", async () => {
    const fake = await startFakeEmbeddings(4);
    const inQuery = { parameter: { name: "key", location: "query" as const, value: async () => new Secret("a&b") } };
    const inBody = { parameter: { name: "key", location: "body" as const, value: async () => new Secret("secret") } };
    await (await openAgainst(fake, { auth: inQuery })).embed(["one"], { signal });
    await (await openAgainst(await startFakeEmbeddings(4), { auth: inBody })).embed(["one"], { signal });
    expect(fake.requests[0]?.path).toBe("/v1/embeddings?tier=eu&key=a%26b");
    expect(fake.requests[0]?.headers["authorization"]).toBeUndefined();
    expect(bodyOf(opened[1] ?? fake)).toEqual({ model: "test-model", input: ["one"], dimensions: 4, key: "secret" });
  });

  it("reads the key for every call, as it may be rotated", async () => {
    const fake = await startFakeEmbeddings(4);
    let reads = 0;
    const rotating = { header: { name: "api-key", value: async () => new Secret(`key-${++reads}`) } };
    const embedder = await openAgainst(fake, { auth: rotating });
    await embedder.embed(["one"], { signal });
    await embedder.embed(["two"], { signal });
    expect(fake.requests.map(({ headers }) => headers["api-key"])).toEqual(["key-1", "key-2"]);
  });

  it("splits a long list into requests that any server takes and keeps the order", async () => {
    const fake = await startFakeEmbeddings(4);
    const texts = Array.from({ length: 600 }, (_, position) => `text ${position}`);
    const vectors = await (await openAgainst(fake)).embed(texts, { signal });
    expect(fake.requests.map((_, position) => bodyOf(fake, position).input.length)).toEqual([
      ...Array.from({ length: 18 }, () => 32),
      24,
    ]);
    expect(vectors).toEqual(texts.map((text) => Float32Array.from(vectorOf(text, 4))));
  });

  it("cuts texts to what models take, and bounds a request as a whole", async () => {
    const fake = await startFakeEmbeddings(4);
    await (await openAgainst(fake)).embed(
      Array.from({ length: 10 }, () => "x".repeat(20_000)),
      { signal },
    );
    const inputs = fake.requests.map((_, position) => bodyOf(fake, position).input);
    expect(inputs.map((input) => input.length)).toEqual([7, 3]);
    expect(new Set(inputs.flat().map((text) => text.length))).toEqual(new Set([8000]));
  });

  it("keeps surrogate pairs whole at the cut and replaces an empty text", async () => {
    const fake = await startFakeEmbeddings(4);
    await (await openAgainst(fake)).embed([`${"x".repeat(7999)}\u{1f600}`, ""], { signal });
    expect(bodyOf(fake).input).toEqual(["x".repeat(7999), " "]);
  });
});

describe("the answer", () => {
  const data = (...embeddings: unknown[]) => ({ data: embeddings.map((embedding, index) => ({ index, embedding })) });

  it("pads short vectors with zeros", async () => {
    const embedder = await openAgainst(await answering(200, data([1, 2, 3])));
    expect(await embedder.embed(["one"], { signal })).toEqual([Float32Array.of(1, 2, 3, 0)]);
  });

  it("takes rows without an index in their order", async () => {
    const embedder = await openAgainst(await answering(200, { data: [{ embedding: [1] }, { embedding: [2] }] }));
    expect(await embedder.embed(["one", "two"], { signal })).toEqual([
      Float32Array.of(1, 0, 0, 0),
      Float32Array.of(2, 0, 0, 0),
    ]);
  });

  it.each([
    ["too long", data([1, 2, 3, 4, 5], [1]), "Set vectordb.dimensions to 5."],
    ["one vector for two texts", data([1]), "1 vectors for 2 texts"],
    ["an index twice", { data: [0, 0].map((index) => ({ index, embedding: [1] })) }, "two vectors for one text"],
    ["an index out of range", { data: [0, 7].map((index) => ({ index, embedding: [1] })) }, "not a list of embeddings"],
    ["an empty vector", data([1], []), "not a list of numbers"],
    ["null in a vector", data([1], [null]), "not a list of numbers"],
    ["base64 that nobody asked for", data("AACAPw==", "AACAPw=="), "not a list of embeddings"],
    ["an empty object", {}, "not a list of embeddings"],
    ["an HTML page", "<html>", "is upstream_url an embeddings endpoint?"],
    ["nothing", "", "not a list of embeddings"],
  ])("is refused when it has %s", async (_, body, message) => {
    const embedder = await openAgainst(await answering(200, body));
    const failure = await failureOf(embedder.embed(["one", "two"], { signal }));
    expect(failure).toMatchObject({ code: "GW_EMBEDDING_FAILED", details: { provider: "openai", status: 200 } });
    expect(failure.message).toContain(message);
  });
});

describe("a failure", () => {
  const prompt = "my private question about taxes";
  const openaiError = (message: string) => ({ error: { message, type: "invalid_request_error", code: "bad" } });

  it.each([
    [401, openaiError(`Incorrect API key provided: ${KEY}.`), "The key was refused"],
    [403, openaiError(KEY), "The key was refused"],
    [404, openaiError("no such model"), "embeddings.model.name"],
    [429, openaiError(`slow down, ${KEY}`), "rate limit or quota"],
    [400, openaiError("Unknown dimensions."), "It says: invalid_request_error: bad: Unknown dimensions."],
    [400, openaiError(`You sent Bearer ${KEY}`), "You sent [secret]"],
    [400, openaiError(`Your key ${KEY} is odd`), "Your key [secret] is odd"],
    [400, openaiError(`Cannot read "${prompt}"`), "no reason that can be shown"],
    [422, { message: "line\nbreak\u0007", type: "t", code: 3210 }, "It says: t: 3210: line break"],
    [500, { error: "model not loaded" }, "It says: model not loaded"],
    [500, openaiError("x".repeat(5000)), "It says: invalid_request_error"],
    [502, "<html>Bad gateway</html>", "no reason that can be shown"],
  ])("%i says what to do and holds neither key nor prompt", async (status, body, message) => {
    const embedder = await openAgainst(await answering(status, body));
    const failure = await failureOf(embedder.embed([prompt], { signal }));
    expect(failure).toMatchObject({
      code: "GW_EMBEDDING_FAILED",
      details: { provider: "openai", model: "test-model", status },
    });
    expect(failure.message).toContain(message);
    expect(failure.message.length).toBeLessThan(400);
    const everything = inspect(failure, { depth: 10, showHidden: true });
    expect(everything).not.toContain(KEY);
    expect(everything).not.toContain(prompt);
  });

  it("to connect passes as the upstream's error, without the key", async () => {
    const embedder = await open(openaiEmbedder, { upstreamUrl: `${await closedOrigin()}/v1/embeddings` });
    const failure = await failureOf(embedder.embed([prompt], { signal }));
    expect(failure).toMatchObject({ code: "GW_UPSTREAM_CONNECT" });
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(KEY);
  });

  it("of the key's lookup passes as it is, and nothing is sent", async () => {
    const fake = await startFakeEmbeddings(4);
    const missing = { header: { name: "Authorization", value: () => Promise.reject(new Error("no such secret")) } };
    const embedder = await openAgainst(fake, { auth: missing });
    await expect(embedder.embed(["one"], { signal })).rejects.toThrow("no such secret");
    expect(fake.requests).toEqual([]);
  });

  it("by abort closes the connection", async () => {
    const fake = await startFakeUpstream();
    const embedder = await openAgainst(fake);
    const controller = new AbortController();
    const call = embedder.embed(["one"], { signal: controller.signal });
    const request = await fake.next();
    controller.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    await request.gone;
  });
});

describe("settings that cannot be met", () => {
  it.each([
    [openaiEmbedder, { model: "text-embedding-ada-002", dimensions: 1024 }, "Set vectordb.dimensions to 1536."],
    [mistralEmbedder, { model: "mistral-embed", dimensions: 512 }, "Set vectordb.dimensions to 1024."],
    [openaiEmbedder, { upstreamUrl: "localhost:8080" }, "upstream_url"],
    [openaiEmbedder, { upstreamUrl: "/v1/embeddings" }, "upstream_url"],
  ])("are refused when the embedder is made: %o", async (definition, settings, message) => {
    const failure = await failureOf(open(definition, settings));
    expect(failure).toMatchObject({ code: "GW_CONFIG_INVALID" });
    expect(failure.message).toContain(message);
  });
});
