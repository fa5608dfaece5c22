import { afterEach, describe, expect, it } from "vitest";
import { serveYaml, type YamlGateway } from "../../support/serve-yaml.ts";
import { type FakeUpstream, startFakeUpstream } from "../../support/fake-upstream.ts";
import { ask, type AskOptions, type Reply } from "../gateway/start-gateway.ts";

let gateway: YamlGateway | undefined;
let upstream: FakeUpstream | undefined;

afterEach(async () => {
  await gateway?.close();
  await upstream?.close();
});

/** A service that says yes, with one route and what `more` adds. */
async function serve(more: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  upstream = await startFakeUpstream({ reply: (request) => request.answer(200, { "X-Own": "1" }, "yes") });
  gateway = await serveYaml(
    `services:
- {name: s, url: "${upstream.origin}", routes: [{name: r, paths: [/]}]}
${more}`,
    environment,
  );
}

async function get(path: string, options: AskOptions = {}): Promise<Reply> {
  return await ask(gateway?.port ?? 0, path, options);
}

function messageOf(reply: Reply): unknown {
  return (JSON.parse(reply.body) as { message: unknown }).message;
}

const consumers = `
consumers:
- username: ada
  custom_id: "7"
  keyauth_credentials: [{key: ada-key-0123456789}]
  acls: [{group: staff}]
- username: bob
  keyauth_credentials: [{key: "{vault://env/bob-key}"}]
- username: nobody
`;

describe("key-auth", () => {
  const plugin = (config = ""): string => `${consumers}plugins:\n- {name: key-auth, config: {${config}}}\n`;

  it.each<[string, AskOptions["headers"], string, number, string]>([
    ["no key", {}, "/", 401, "No API key found in request"],
    ["an empty key", { apikey: "" }, "/", 401, "No API key found in request"],
    ["a wrong key", { apikey: "ada-key-012345678" }, "/", 401, "Unauthorized"],
    ["two keys", { apikey: ["ada-key-0123456789", "ada-key-0123456789"] }, "/", 401, "Duplicate API key found"],
    ["two keys in the query", {}, "/?apikey=ada-key-0123456789&apikey=x", 401, "Duplicate API key found"],
    ["the name of a reference for its value", { apikey: "{vault://env/bob-key}" }, "/", 401, "Unauthorized"],
  ])("refuses %s", async (_case, headers = {}, path, status, message) => {
    await serve(plugin(), { BOB_KEY: "bob-key-9876543210" });
    const reply = await get(path, { headers });
    expect(reply).toMatchObject({ status, headers: { "www-authenticate": "Key" } });
    expect(messageOf(reply)).toBe(message);
    expect(upstream?.requests).toEqual([]);
  });

  it("lets a consumer in by header or query, and says who it is whatever the client claims", async () => {
    await serve(plugin());
    const headers = { "X-Consumer-Username": "root", "X-Anonymous-Consumer": "true", apikey: "ada-key-0123456789" };
    expect(await get("/a?x=1", { headers })).toMatchObject({ status: 200 });
    expect(await get("/a?apikey=ada-key-0123456789")).toMatchObject({ status: 200 });
    const [first, second] = upstream?.requests ?? [];
    expect(first?.headers).toMatchObject({ "x-consumer-username": "ada", "x-consumer-custom-id": "7" });
    expect(first?.headers).not.toHaveProperty("x-anonymous-consumer");
    expect(first?.headers["x-credential-identifier"]).toMatch(/^[\da-f-]{36}$/);
    expect(second?.path).toBe("/a?apikey=ada-key-0123456789");
  });

  it("knows keys that are in a vault", async () => {
    await serve(plugin(), { BOB_KEY: "bob-key-9876543210" });
    expect(await get("/", { headers: { apikey: "bob-key-9876543210" } })).toMatchObject({ status: 200 });
    expect(upstream?.requests[0]?.headers["x-consumer-username"]).toBe("bob");
  });

  it("hides the key from the service, every copy of it, and leaves the rest of the query as it was", async () => {
    await serve(plugin("hide_credentials: true, key_names: [apikey, other]"));
    const headers = { apikey: "ada-key-0123456789", other: "ada-key-0123456789" };
    expect(await get("/?a=%7e&ap%69key=q&b=1&other=2&c", { headers })).toMatchObject({ status: 200 });
    expect(JSON.stringify(upstream?.requests[0])).not.toContain("ada-key");
    expect(upstream?.requests[0]?.path).toBe("/?a=%7e&b=1&c");
  });

  it("takes strangers for the anonymous consumer", async () => {
    await serve(plugin("anonymous: nobody"));
    expect(await get("/", { headers: { apikey: "wrong" } })).toMatchObject({ status: 200 });
    expect(upstream?.requests[0]?.headers).toMatchObject({
      "x-consumer-username": "nobody",
      "x-anonymous-consumer": "true",
    });
  });

  it("refuses strangers when the anonymous consumer is gone", async () => {
    await serve(plugin("anonymous: gone"));
    expect(await get("/")).toMatchObject({ status: 401 });
    expect(gateway?.server.runtime.problems()).toEqual([expect.stringContaining('no consumer "gone"')]);
  });

  it("lets preflight requests pass when it is told to, and no other", async () => {
    await serve(plugin('run_on_preflight: false, realm: "a \\"b\\""'));
    expect(await get("/", { method: "OPTIONS" })).toMatchObject({ status: 200 });
    const refused = await get("/", { method: "HEAD" });
    expect(refused).toMatchObject({ status: 401, headers: { "www-authenticate": 'Key realm="a \\"b\\""' } });
  });

  it("cannot be for one consumer", async () => {
    const own = "consumers: [{username: ada, plugins: [{name: key-auth}]}]";
    await expect(serve(own)).rejects.toMatchObject({
      diagnostics: [expect.objectContaining({ message: expect.stringContaining("cannot be for one consumer") })],
    });
  });
});

describe("acl", () => {
  const plugins = (config: string): string =>
    `${consumers}plugins:\n- {name: key-auth, config: {anonymous: nobody}}\n- {name: acl, config: {${config}}}\n`;

  it.each<[string, string, number]>([
    ["allow: [staff]", "ada-key-0123456789", 200],
    ["allow: [staff]", "", 403],
    ["allow: [others]", "ada-key-0123456789", 403],
    ["deny: [staff]", "ada-key-0123456789", 403],
    ["deny: [staff]", "", 200],
  ])("%s with the key %j answers %d", async (config, apikey, status) => {
    await serve(plugins(config));
    expect(await get("/", { headers: { apikey, "X-Consumer-Groups": "staff, others" } })).toMatchObject({ status });
    expect(upstream?.requests.map(({ headers }) => headers["x-consumer-groups"])).toEqual(
      status === 200 ? [apikey === "" ? undefined : "staff"] : [],
    );
  });

  it("refuses whom no authentication plugin has found", async () => {
    await serve("plugins: [{name: acl, config: {deny: [x]}}]");
    expect(await get("/")).toMatchObject({ status: 401 });
  });
});

describe("plugins of a consumer", () => {
  const terminate = (status: number, more = ""): string =>
    `- {name: request-termination, config: {status_code: ${status}}${more}}\n`;
  const answer = async (apikey: string): Promise<number> => (await get("/", { headers: { apikey } })).status;

  it("run for that consumer only", async () => {
    await serve(
      `${consumers}plugins:\n- {name: key-auth, config: {anonymous: nobody}}\n${terminate(402, ", consumer: ada")}`,
    );
    expect([await answer("ada-key-0123456789"), await answer("")]).toEqual([402, 200]);
  });

  it("come before those of a route, and after those of a route and its service", async () => {
    const all = `${consumers}plugins:\n- {name: key-auth}\n${terminate(501)}${terminate(502, ", route: r")}`;
    await serve(`${all}${terminate(503, ", consumer: ada")}`);
    expect(await answer("ada-key-0123456789")).toBe(503);
    await gateway?.close();
    await upstream?.close();
    await serve(`${all}${terminate(503, ", consumer: ada")}${terminate(504, ", route: r, service: s")}`);
    expect(await answer("ada-key-0123456789")).toBe(504);
  });
});

describe("ip-restriction", () => {
  it.each([
    ["allow: [127.0.0.0/8]", 200],
    ["allow: [127.0.0.1]", 200],
    ["allow: [10.0.0.0/8, '::1']", 403],
    ["deny: [127.0.0.1/32]", 403],
    ["deny: [10.0.0.0/8]", 200],
    ["allow: [127.0.0.1], deny: [127.0.0.0/24]", 403],
    ["deny: [127.0.0.1], status: 418, message: closed", 418],
  ])("%s answers %d", async (config, status) => {
    await serve(`plugins: [{name: ip-restriction, config: {${config}}}]`);
    expect(await get("/", { headers: { "X-Forwarded-For": "10.0.0.1" } })).toMatchObject({ status });
  });

  it.each(["allow: [127.0.0.256]", "allow: [10.0.0.0/33]", "deny: [localhost]", "", "allow: [1.2.3.4/]"])(
    "does not accept %j",
    async (config) => {
      await expect(serve(`plugins: [{name: ip-restriction, config: {${config}}}]`)).rejects.toThrow("error");
    },
  );
});

describe("request-size-limiting", () => {
  const plugin = (more = ""): string =>
    `plugins: [{name: request-size-limiting, config: {allowed_payload_size: 10, size_unit: bytes${more}}}]`;

  it("refuses by the length that the head says, before the service hears of it", async () => {
    await serve(plugin());
    expect(await get("/", { method: "POST", body: "12345678901" })).toMatchObject({ status: 413 });
    expect(upstream?.requests).toEqual([]);
    expect(await get("/", { method: "POST", body: "1234567890" })).toMatchObject({ status: 200 });
  });

  it("cuts a body that does not say how long it is", async () => {
    await serve(plugin());
    const chunked = { method: "POST", headers: { "Transfer-Encoding": "chunked" } };
    expect(await get("/", { ...chunked, body: "12345678901" })).toMatchObject({ status: 413 });
    expect(await get("/", { ...chunked, body: "1234567890" })).toMatchObject({ status: 200 });
    expect(upstream?.requests.map(({ body }) => body.toString())).toEqual(["1234567890"]);
  });

  it("can ask for a length", async () => {
    await serve(plugin(", require_content_length: true"));
    const headers = { "Transfer-Encoding": "chunked" };
    expect(await get("/", { method: "POST", headers, body: "1" })).toMatchObject({ status: 411 });
  });
});

describe("cors", () => {
  const preflight = {
    method: "OPTIONS",
    headers: {
      Origin: "https://app.test",
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "x-a",
    },
  };

  it("answers preflight requests itself", async () => {
    await serve("plugins: [{name: cors, config: {max_age: 60, methods: [GET, PUT]}}]");
    const reply = await get("/", preflight);
    expect(reply).toMatchObject({
      status: 200,
      body: "",
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
      },
    });
    expect(upstream?.requests).toEqual([]);
  });

  it.each([
    ["https://app.test", "https://app.test"],
    ["https://sub.app.test", "https://sub.app.test"],
    ["https://sub.app.test.evil.org", undefined],
    ["https://evilapp.test", undefined],
    ["null", undefined],
  ])("with a list, allows %s as %s", async (Origin, allowed) => {
    await serve(
      "plugins: [{name: cors, config: {origins: ['https://app.test', 'https://[a-z]+\\.app\\.test'], credentials: true}}]",
    );
    const reply = await get("/", { headers: { Origin } });
    expect(reply.headers["access-control-allow-origin"]).toBe(allowed);
    expect(reply.headers["access-control-allow-credentials"]).toBe(allowed && "true");
    expect(reply.headers.vary).toBe("Origin");
  });

  it("never sends * together with credentials", async () => {
    await serve("plugins: [{name: cors, config: {credentials: true}}]");
    const { headers } = await get("/", { headers: { Origin: "https://app.test" } });
    expect(headers["access-control-allow-origin"]).toBe("https://app.test");
  });

  it("lets scripts read refusals", async () => {
    await serve("plugins: [{name: cors}, {name: key-auth}]");
    const reply = await get("/", { headers: { Origin: "https://app.test" } });
    expect(reply).toMatchObject({ status: 401, headers: { "access-control-allow-origin": "*" } });
  });
});

describe("correlation-id", () => {
  it("numbers requests, tells the client and keeps what it sent", async () => {
    await serve("plugins: [{name: correlation-id, config: {echo_downstream: true}}]");
    const first = await get("/");
    const own = await get("/", { headers: { "Kong-Request-ID": "mine" } });
    const second = await get("/");
    const [a, b, c] = (upstream?.requests ?? []).map(({ headers }) => headers["kong-request-id"]);
    expect([first, own, second].map(({ headers }) => headers["kong-request-id"])).toEqual([a, b, c]);
    expect(a).toMatch(/^[\da-f-]{36}#1$/);
    expect([b, c]).toEqual(["mine", String(a).replace(/1$/, "2")]);
  });
});

describe("request-termination", () => {
  it.each<[string, string, number, string]>([
    ["", "/", 503, "Service unavailable"],
    ["status_code: 410, message: gone", "/", 410, "gone"],
    ["trigger: stop", "/?stop", 503, "Service unavailable"],
  ])("with {%s} answers %s", async (config, path, status, message) => {
    await serve(`plugins: [{name: request-termination, config: {${config}}}]`);
    const reply = await get(path);
    expect(reply.status).toBe(status);
    expect(messageOf(reply)).toBe(message);
  });

  it("answers with a body of its own, and only those that trigger it", async () => {
    await serve(
      'plugins: [{name: request-termination, config: {status_code: 200, trigger: stop, content_type: text/plain, body: "closed"}}]',
    );
    expect(await get("/", { headers: { stop: "1" } })).toMatchObject({ status: 200, body: "closed" });
    expect(await get("/?start")).toMatchObject({ body: "yes" });
  });
});

describe("rate-limiting", () => {
  // A year, lest a test runs across the end of its period.
  const limited = (more = ""): string => `plugins: [{name: rate-limiting, config: {year: 2${more}}}]`;

  it("lets so many through, tells what remains, and refuses the rest", async () => {
    await serve(limited());
    const replies = [await get("/"), await get("/"), await get("/")];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(replies.map(({ headers }) => headers["x-ratelimit-remaining-year"])).toEqual(["1", "0", "0"]);
    expect(replies[0]?.headers).toMatchObject({ "ratelimit-limit": "2", "x-ratelimit-limit-year": "2" });
    expect(Number(replies[2]?.headers["retry-after"])).toBeGreaterThan(0);
    expect(messageOf(replies[2] as Reply)).toBe("API rate limit exceeded");
  });

  it("goes on counting after a reload", async () => {
    const yaml = "routes: [{name: r, paths: [/]}]\n" + limited(", error_code: 420");
    gateway = await serveYaml(yaml);
    await get("/");
    await gateway.server.swap(await gateway.build(yaml));
    await get("/");
    expect(await get("/")).toMatchObject({ status: 420 });
  });

  it("counts consumers apart, and by header where it is told to", async () => {
    await serve(`${consumers}plugins:\n- {name: key-auth}\n- {name: rate-limiting, config: {year: 1}}`, {
      BOB_KEY: "bob-key-9876543210",
    });
    const ada = { headers: { apikey: "ada-key-0123456789" } };
    const statuses = [
      await get("/", ada),
      await get("/", ada),
      await get("/", { headers: { apikey: "bob-key-9876543210" } }),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([200, 429, 200]);
  });
});
