import { afterEach, describe, expect, it } from "vitest";
import { SecretError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { Notice } from "../../../src/core/notice.ts";
import { Secret } from "../../../src/core/secret.ts";
import type { ServedSecrets } from "../../../src/secrets/lookup.ts";
import { type Reference, printReference } from "../../../src/secrets/reference.ts";
import { createSecretLookup, type SecretLookupWithMemory } from "../../../src/secrets/secret-lookup.ts";
import type { VaultDefinition, VaultSecret, VaultServices } from "../../../src/secrets/vault.ts";
import { envVault } from "../../../src/secrets/vaults/env.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const KEY = "{vault://box/openai/key}";
const USER = "{vault://box/openai/user}";
const signal = new AbortController().signal;
const lookups: ServedSecrets[] = [];

afterEach(async () => {
  await Promise.all(lookups.splice(0).map(async (lookup) => await lookup.close()));
});

describe("resolving", () => {
  it("gives the value, which peek has from then on", async () => {
    const { lookup } = setUp();
    expect(lookup.peek(KEY)).toBeUndefined();
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
  });

  it("asks the vault once for all references to one secret, also at the same time", async () => {
    const { lookup, box } = setUp();
    const [key, user, again] = await Promise.all([KEY, USER, KEY].map((text) => lookup.resolve(text, { signal })));
    expect([key?.reveal(), user?.reveal(), again?.reveal()]).toEqual(["sk-1", "ann", "sk-1"]);
    expect(box.asked).toEqual(["{vault://box/openai}"]);
  });

  it("asks again for another version and for other options", async () => {
    const { lookup, box } = setUp();
    for (const text of [KEY, "{vault://box/openai/key#2}", "{vault://box/openai/key?mount=kv}"]) {
      await lookup.resolve(text, { signal });
    }
    expect(box.asked).toEqual(["{vault://box/openai}", "{vault://box/openai#2}", "{vault://box/openai?mount=kv}"]);
  });

  it("knows the environment without configuration, and by its name even when a prefix says otherwise", async () => {
    const { lookup } = setUp({}, [{ prefix: "env", name: "box", config: {} }]);
    expect((await lookup.resolve("{vault://env/openai-key}", { signal })).reveal()).toBe("sk-env");
  });

  it("decodes base64 where the vault or the reference says so", async () => {
    const { lookup, box } = setUp({ base64_decode: true });
    box.answer = '{"key":"c2stMQ=="}';
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
    const plain = "{vault://box/openai/key?base64_decode=false}";
    expect((await lookup.resolve(plain, { signal })).reveal()).toBe("c2stMQ==");
  });

  it.each([
    ["{vault://bax/openai/key}", 'no vault has the prefix "bax". Did you mean "box"?'],
    ["{vault://hcv/openai/key}", 'no vault has the prefix "hcv". Write its prefix, "hashicorp-vault".'],
    ["{vault://nothing-like-it/x}", 'no vault has the prefix "nothing-like-it". Add it under vaults'],
    ["{vault://amazon/x}", "vault 'aws' is not installed: this version has env, box."],
    ["{vault://box}", "reference url is missing path [{vault://box}]"],
  ])("refuses %s: %s", async (text, message) => {
    const others = [
      { prefix: "hashicorp-vault", name: "hcv", config: {} },
      { prefix: "amazon", name: "aws", config: {} },
    ];
    await expect(setUp({}, others).lookup.resolve(text, { signal })).rejects.toMatchObject({
      code: "GW_SECRET_BAD_REFERENCE",
      message: expect.stringContaining(message),
    });
  });

  it("stops waiting when the caller does, and keeps what the vault answers then", async () => {
    const { lookup, box } = setUp();
    const release = box.hold();
    const caller = new AbortController();
    const waiting = lookup.resolve(KEY, { signal: caller.signal });
    const other = lookup.resolve(KEY, { signal });
    caller.abort(new Error("the caller is gone"));
    await expect(waiting).rejects.toThrow("the caller is gone");
    release();
    expect((await other).reveal()).toBe("sk-1");
  });

  it("gives up a vault that never answers", async () => {
    const { lookup, box } = setUp();
    box.hold();
    await expect(lookup.resolve(KEY, { signal })).rejects.toMatchObject({
      code: "GW_SECRET_UNREACHABLE",
      message: expect.stringContaining('The vault "box" did not answer within 2 s.'),
    });
  });

  it("keeps only the name of an unexpected error, whose text may be a secret", async () => {
    const { lookup, box } = setUp();
    box.failure = new TypeError("sk-canary");
    await expect(lookup.resolve(KEY, { signal })).rejects.toMatchObject({
      code: "GW_SECRET_UNREACHABLE",
      message: expect.stringMatching(/^(?!.*canary).*TypeError/),
    });
  });
});

describe("failures", () => {
  it("are remembered for neg_ttl", async () => {
    const { lookup, box, clock } = setUp({ neg_ttl: 10 });
    box.failure = away();
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("away");
    box.failure = undefined;
    clock.advance(9_999);
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("away");
    expect(box.asked).toHaveLength(1);
    clock.advance(1);
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
  });

  it("are not remembered with neg_ttl 0", async () => {
    const { lookup, box } = setUp({ neg_ttl: 0 });
    box.failure = away();
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("away");
    box.failure = undefined;
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
  });

  it("of a key are overcome when the secret has it, though it has no ttl", async () => {
    const { lookup, box, clock } = setUp({ neg_ttl: 10 });
    const text = "{vault://box/openai/later}";
    await expect(lookup.resolve(text, { signal })).rejects.toThrow("subfield later not found");
    box.answer = '{"later":"sk-2"}';
    clock.advance(10_000);
    expect((await lookup.resolve(text, { signal })).reveal()).toBe("sk-2");
  });

  it("to open a vault are tried again", async () => {
    const { lookup, box } = setUp({ neg_ttl: 0 });
    box.openFailure = new SecretError("GW_SECRET_MISSING", "no CA file");
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("no CA file");
    box.openFailure = undefined;
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
  });
});

describe("a ttl", () => {
  it("of none keeps the value for good", async () => {
    const { lookup, box, clock } = setUp();
    await lookup.resolve(KEY, { signal });
    expect(clock.waiting).toEqual([]);
    clock.advance(1e12);
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
    expect(box.asked).toHaveLength(1);
  });

  it("refreshes what is used before it expires, for all keys at once, without a gap", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    await lookup.resolve(USER, { signal });
    box.answer = '{"key":"sk-2","user":"bob"}';
    clock.advance(53_999);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    expect(box.asked).toHaveLength(1);
    clock.advance(1);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    await box.answered(2);
    expect([lookup.peek(KEY)?.reveal(), lookup.peek(USER)?.reveal()]).toEqual(["sk-2", "bob"]);
  });

  it("is renewed for secrets that nobody uses too, so that the next request does not wait", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    for (const count of [2, 3, 4]) {
      box.answer = `{"key":"sk-${count}"}`;
      clock.advance(54_000);
      await box.answered(count);
    }
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-4");
  });

  it("ends at another moment for each secret, so that a vault is not asked for all at once", async () => {
    const numbers = [0, 0.5, 1];
    const { lookup, clock } = setUp({ ttl: 60 }, [], { random: () => numbers.shift() ?? 0 });
    for (const name of ["a", "b", "c"]) await lookup.resolve(`{vault://box/${name}/key}`, { signal });
    expect(clock.waiting).toEqual([48_000, 51_000, 54_000]);
  });

  it("leaves the object alone while the value is the same", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60 });
    const secret = await lookup.resolve(KEY, { signal });
    clock.advance(54_000);
    await box.answered(2);
    expect(lookup.peek(KEY)).toBe(secret);
  });

  it.each([
    [
      "of the reference wins over the vault's configuration",
      { ttl: 60 },
      "{vault://box/openai/key?ttl=120}",
      undefined,
      108_000,
    ],
    ["of the vault's answer wins over both", { ttl: 60 }, "{vault://box/openai/key?ttl=120}", 20_000, 18_000],
    ["that is none is ignored", { ttl: 60 }, "{vault://box/openai/key?ttl=soon}", undefined, 54_000],
  ])("%s", async (_title, config, text, ttlMs, refreshedAfter) => {
    const { lookup, box, clock } = setUp(config);
    box.ttlMs = ttlMs;
    await lookup.resolve(text, { signal });
    lookup.peek(text);
    clock.advance(refreshedAfter - 1);
    expect(box.asked).toHaveLength(1);
    clock.advance(1);
    await box.answered(2);
  });

  it("longer than a timer can be is waited for in steps", async () => {
    const { lookup, box, clock } = setUp({ ttl: 5_000_000 });
    await lookup.resolve(KEY, { signal });
    lookup.peek(KEY);
    clock.advance(4_499_999_999);
    expect(box.asked).toHaveLength(1);
    clock.advance(1);
    await box.answered(2);
  });
});

describe("while the vault is away", () => {
  it("serves the old value, says how old it is, and recovers by itself", async () => {
    const { lookup, box, clock, notices } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    lookup.peek(KEY);
    box.failure = away();
    clock.advance(54_000);
    await box.answered(2);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    expect(notices).toEqual([
      {
        code: "secret-stale",
        message: "{vault://box/openai} could not be refreshed: its value of 54 s ago is served. The box is away.",
        details: { reference: "{vault://box/openai}", age_s: 54, stale_s: 0, error_code: "GW_SECRET_UNREACHABLE" },
      },
    ]);
    box.failure = undefined;
    box.answer = '{"key":"sk-2"}';
    clock.advance(1_000);
    await box.answered(3);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-2");
  });

  it("says how long past its ttl the old value is", async () => {
    const { lookup, box, clock, notices } = setUp({ ttl: 60 });
    await lookup.want([KEY]);
    box.failure = away();
    clock.advance(90_000);
    await box.answered(2);
    expect(notices.at(-1)?.message).toContain("its value of 90 s ago, 30 s past its ttl, is served");
    expect(lookup.status()).toMatchObject([{ state: "stale", staleMs: 30_000, expiresInMs: -30_000 }]);
  });

  it("is asked again after pauses that double up to a minute", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60, neg_ttl: 0 });
    await lookup.resolve(KEY, { signal });
    box.failure = away();
    clock.advance(54_000);
    const pauses: (number | undefined)[] = [];
    for (let count = 2; count < 11; count++) {
      await box.answered(count);
      pauses.push(clock.waiting[0]);
      clock.advance(clock.waiting[0] ?? 0);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("serves the old value to who resolves, too", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60, neg_ttl: 0 });
    await lookup.resolve(KEY, { signal });
    clock.advance(60_000);
    box.failure = away();
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-1");
  });

  it("gives the old value up after resurrect_ttl", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60, resurrect_ttl: 30, neg_ttl: 0 });
    await lookup.resolve(KEY, { signal });
    lookup.peek(KEY);
    box.failure = away();
    clock.advance(54_000);
    await box.answered(2);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    clock.advance(36_000);
    await box.answered(3);
    expect(lookup.peek(KEY)).toBeUndefined();
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("away");
  });
});

describe("a key that was refused", () => {
  it("is replaced by the one that the vault has now", async () => {
    const { lookup, box } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    box.answer = '{"key":"sk-2"}';
    expect((await lookup.renew(KEY, refused, { signal })).reveal()).toBe("sk-2");
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-2");
  });

  it("is replaced without asking when another has come in the meantime", async () => {
    const { lookup, box } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    box.answer = '{"key":"sk-2"}';
    await lookup.renew(KEY, refused, { signal });
    expect((await lookup.renew(KEY, refused, { signal })).reveal()).toBe("sk-2");
    expect(box.asked).toHaveLength(2);
  });

  it("stays when the vault has no other, or is away", async () => {
    const { lookup, box, clock } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    expect(await lookup.renew(KEY, refused, { signal })).toBe(refused);
    box.failure = away();
    clock.advance(1_000);
    expect(await lookup.renew(KEY, refused, { signal })).toBe(refused);
    expect(box.asked).toHaveLength(3);
  });

  it("makes the vault be asked once for all who come at the same time, and once a second after that", async () => {
    const { lookup, box, clock } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    const renew = async (): Promise<unknown> => await lookup.renew(KEY, refused, { signal });
    await Promise.all([renew(), renew(), renew()]);
    expect(box.asked).toHaveLength(2);
    const later = Promise.all([renew(), renew()]);
    expect(clock.waiting).toEqual([1_000]);
    clock.advance(999);
    expect(box.asked).toHaveLength(2);
    clock.advance(1);
    await later;
    expect(box.asked).toHaveLength(3);
  });

  it("does not trust an answer that was under way, which may be older than the new key", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60 });
    const refused = await lookup.resolve(KEY, { signal });
    const release = box.hold();
    clock.advance(54_000);
    await new Promise((resolve) => setImmediate(resolve));
    const renewed = lookup.renew(KEY, refused, { signal });
    box.answer = '{"key":"sk-2"}';
    release();
    expect((await renewed).reveal()).toBe("sk-2");
    expect(box.asked).toHaveLength(3);
  });

  it("lets those who wait for the next read go as soon as there is another value", async () => {
    const { lookup, box } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    const release = box.hold();
    box.answer = '{"key":"sk-2"}';
    const first = lookup.renew(KEY, refused, { signal });
    await new Promise((resolve) => setImmediate(resolve));
    const second = lookup.renew(KEY, refused, { signal });
    release();
    expect((await Promise.all([first, second])).map((secret) => secret.reveal())).toEqual(["sk-2", "sk-2"]);
    expect(box.asked).toHaveLength(2);
  });

  it("is waited for no longer than the caller likes", async () => {
    const { lookup, box } = setUp();
    const refused = await lookup.resolve(KEY, { signal });
    box.hold();
    const caller = new AbortController();
    const renewed = lookup.renew(KEY, refused, { signal: caller.signal });
    caller.abort(new Error("the caller is gone"));
    await expect(renewed).rejects.toThrow("the caller is gone");
  });
});

describe("what is wanted from the start", () => {
  it("is tried until it is there, without anyone asking", async () => {
    const { lookup, box, clock } = setUp();
    box.failure = away();
    await lookup.want([KEY]);
    expect(lookup.status()).toMatchObject([
      { reference: KEY, vault: "box", state: "unresolved", error: { code: "GW_SECRET_UNREACHABLE" } },
    ]);
    box.failure = undefined;
    clock.advance(1_000);
    await box.answered(2);
    expect(lookup.status()).toMatchObject([{ state: "fresh", ageMs: 0, error: undefined }]);
  });

  it("is tried until it has its key, when the secret has others already", async () => {
    const { lookup, box, clock } = setUp({ neg_ttl: 0 });
    await lookup.want(["{vault://box/openai/later}"]);
    expect(lookup.status()).toMatchObject([
      { state: "unresolved", error: { message: expect.stringContaining("subfield later not found") } },
    ]);
    box.answer = '{"later":"sk-2"}';
    clock.advance(clock.waiting[0] ?? 0);
    await box.answered(2);
    expect(lookup.peek("{vault://box/openai/later}")?.reveal()).toBe("sk-2");
  });

  it("is told when it can never be had", async () => {
    const { lookup } = setUp();
    await lookup.want(["{vault://bax/x}", "{vault://box}"]);
    expect(lookup.status().map(({ state, error }) => [state, error?.code])).toEqual([
      ["unresolved", "GW_SECRET_BAD_REFERENCE"],
      ["unresolved", "GW_SECRET_BAD_REFERENCE"],
    ]);
  });

  it("never asks a vault for more than sixteen secrets at a time", async () => {
    const { lookup, box } = setUp();
    const release = box.hold();
    const all = lookup.want(Array.from({ length: 100 }, (_, index) => `{vault://box/secret-${index}/key}`));
    await new Promise((resolve) => setImmediate(resolve));
    expect(box.asked).toHaveLength(16);
    release();
    await all;
    expect(box.asked).toHaveLength(100);
  });
});

describe("a thousand references", () => {
  const anHourOf = async (references: readonly string[]): Promise<number> => {
    const { lookup, box, clock } = setUp({ ttl: 300 }, [], { random: Math.random });
    await lookup.want(references);
    for (let step = 0; step < 720; step++) {
      clock.advance(5_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(references.every((text) => lookup.peek(text) !== undefined)).toBe(true);
    return box.asked.length;
  };
  const named = (name: (index: number) => string): string[] =>
    Array.from({ length: 1000 }, (_, index) => `{vault://box/${name(index)}/key}`);

  it("cost a request a secret and ttl, however many of its keys they name", async () => {
    const requests = await anHourOf(named((index) => `secret-${index}`));
    expect(requests).toBeGreaterThan(12_000);
    expect(requests).toBeLessThan(16_000);
    expect(await anHourOf([KEY, USER])).toBeLessThan(16);
  }, 60_000);
});

describe("the status", () => {
  it("tells age, version and expiry, and what keeps a value from being fresh, but no value", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60, resurrect_ttl: 30 });
    box.version = 3;
    await lookup.want([KEY]);
    clock.advance(10_000);
    expect(lookup.status()).toEqual([
      {
        reference: KEY,
        vault: "box",
        state: "fresh",
        ageMs: 10_000,
        version: 3,
        writtenAt: undefined,
        expiresInMs: 50_000,
        staleMs: 0,
        error: undefined,
      },
    ]);
    box.failure = away();
    clock.advance(44_000);
    await box.answered(2);
    expect(lookup.status()).toMatchObject([
      { state: "stale", expiresInMs: 6_000, error: { code: "GW_SECRET_UNREACHABLE", message: "The box is away." } },
    ]);
    clock.advance(36_000);
    await box.answered(3);
    expect(lookup.status()).toMatchObject([{ state: "lost", ageMs: undefined }]);
    expect(JSON.stringify(lookup.status())).not.toContain("sk-1");
  });
});

describe("a successor", () => {
  it("keeps what was read from vaults that stay as they are, without asking again", async () => {
    const { lookup, box, successor } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    await lookup.close();
    box.failure = away();
    const next = successor({ ttl: 60 });
    expect((await next.resolve(KEY, { signal })).reveal()).toBe("sk-1");
    expect(box.asked).toHaveLength(1);
  });

  it("asks anew when the vault is another, or the secret lacks a key that is new", async () => {
    const { lookup, box, successor } = setUp({ neg_ttl: 0 });
    await lookup.resolve(KEY, { signal });
    box.answer = '{"key":"sk-2","new":"sk-new"}';
    const same = successor({ neg_ttl: 0 });
    expect((await same.resolve("{vault://box/openai/new}", { signal })).reveal()).toBe("sk-new");
    const other = successor({ mount: "other" });
    expect((await other.resolve(KEY, { signal })).reveal()).toBe("sk-2");
    expect(box.asked).toHaveLength(3);
  });
});

describe("a vault whose credential is kept in another", () => {
  it("is refused when that needs the first, before either is opened", async () => {
    const vault = (prefix: string, needs: string) => ({
      prefix,
      name: "box",
      config: { token: `{vault://${needs}/t/k}` },
    });
    const definition = { name: "box", create: () => expect.unreachable() };
    const services = { environment: {}, clock: createFakeClock(), random: () => 0, notify: () => {} };
    const vaults = [vault("a", "b"), vault("b", "c"), vault("c", "a")];
    const lookup = createSecretLookup(vaults, new Map([["box", definition]]), services);
    lookups.push(lookup);
    await expect(lookup.resolve("{vault://b/openai/key}", { signal })).rejects.toMatchObject({
      code: "GW_SECRET_BAD_REFERENCE",
      message: expect.stringContaining('the vault "b" needs "c" needs "a" needs "b": none can be opened first'),
    });
  });

  it("gets it, and the new one when the old is refused", async () => {
    const { lookup, box } = setUp({ token: "{vault://env/openai-key}" });
    await lookup.resolve(KEY, { signal });
    expect(box.services?.secrets.resolve).toBeDefined();
    const own = await box.services?.secrets.resolve("{vault://env/openai-key}", { signal });
    expect(own?.reveal()).toBe("sk-env");
  });

  it.each([
    [{ token: "{vault://box/own/token}" }, [], 'the vault "box" needs "box"'],
    [
      { token: "{vault://bax/own/token}" },
      [{ prefix: "bax", name: "box", config: { deep: { list: ["{vault://box/other/token}"] } } }],
      'the vault "box" needs "bax" needs "box"',
    ],
  ])("is refused when that needs it in turn: %j", async (config, others, message) => {
    const { lookup, box } = setUp(config, others);
    await expect(lookup.resolve(KEY, { signal })).rejects.toMatchObject({
      code: "GW_SECRET_BAD_REFERENCE",
      message: expect.stringContaining(message),
    });
    expect(box.asked).toEqual([]);
  });
});

describe("closing", () => {
  it("stops the timers, ends what is under way and closes the vaults", async () => {
    const { lookup, box, clock, notices } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    const waiting = lookup.resolve("{vault://box/mistral/key}", { signal });
    const ended = expect(waiting).rejects.toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
    box.hold();
    await lookup.close();
    await ended;
    expect([clock.waiting, box.isClosed, notices]).toEqual([[], true, []]);
  });

  it("opens no vault", async () => {
    const { lookup, box } = setUp();
    await lookup.close();
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("was closed");
    expect(box.asked).toEqual([]);
  });
});

/** A vault in memory that can fail, wait and count. */
class Box {
  answer = '{"key":"sk-1","user":"ann"}';
  ttlMs: number | undefined;
  failure: Error | undefined;
  openFailure: Error | undefined;
  version: number | undefined;
  services: VaultServices | undefined;
  isClosed = false;
  readonly asked: string[] = [];
  #gate = Promise.resolve();
  #answers = 0;
  #onAnswer: () => void = () => {};

  readonly definition: VaultDefinition = {
    name: "box",
    create: async (_config, services) => {
      this.services = services;
      if (this.openFailure !== undefined) throw this.openFailure;
      return {
        name: "box",
        check: () => [],
        read: async (reference) => await this.#read(reference),
        close: async () => {
          this.isClosed = true;
        },
      };
    },
  };

  /** Answers wait until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = withResolvers();
    this.#gate = promise;
    return resolve;
  }

  /** Resolves when that many requests have been answered, and the answer has arrived. */
  async answered(count: number): Promise<void> {
    while (this.#answers < count) {
      const { promise, resolve } = withResolvers();
      this.#onAnswer = resolve;
      await promise;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #read(reference: Reference): Promise<VaultSecret> {
    this.asked.push(printReference(reference));
    const { answer } = this;
    await this.#gate;
    this.#answers += 1;
    this.#onAnswer();
    if (this.failure !== undefined) throw this.failure;
    return {
      secret: new Secret(answer),
      ...(this.ttlMs === undefined ? {} : { ttlMs: this.ttlMs }),
      ...(this.version === undefined ? {} : { version: this.version }),
    };
  }
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function away(): SecretError {
  return new SecretError("GW_SECRET_UNREACHABLE", "The box is away.");
}

function setUp(
  config: JsonObject = {},
  others: readonly { prefix: string; name: string; config: JsonObject }[] = [],
  options: { readonly random?: () => number } = {},
) {
  const box = new Box();
  const clock = createFakeClock();
  const notices: Notice[] = [];
  const definitions = new Map([envVault, box.definition].map((definition) => [definition.name, definition]));
  const services = {
    environment: { OPENAI_KEY: "sk-env" },
    clock,
    random: () => 0,
    notify: (notice: Notice) => void notices.push(notice),
    ...options,
  };
  const open = (config: JsonObject, predecessor?: SecretLookupWithMemory): SecretLookupWithMemory => {
    const vaults = [{ prefix: "box", name: "box", config }, ...others];
    const opened = createSecretLookup(vaults, definitions, { ...services, predecessor });
    lookups.push(opened);
    return opened;
  };
  const lookup = open(config);
  return { lookup, box, clock, notices, successor: (config: JsonObject) => open(config, lookup) };
}
