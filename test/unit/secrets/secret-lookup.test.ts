import { afterEach, describe, expect, it } from "vitest";
import { SecretError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { Notice } from "../../../src/core/notice.ts";
import { Secret } from "../../../src/core/secret.ts";
import type { SecretLookup } from "../../../src/secrets/lookup.ts";
import { type Reference, printReference } from "../../../src/secrets/reference.ts";
import { createSecretLookup } from "../../../src/secrets/secret-lookup.ts";
import type { VaultDefinition, VaultSecret } from "../../../src/secrets/vault.ts";
import { envVault } from "../../../src/secrets/vaults/env.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const KEY = "{vault://box/openai/key}";
const USER = "{vault://box/openai/user}";
const signal = new AbortController().signal;
const lookups: SecretLookup[] = [];

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
    clock.advance(54_999);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    expect(box.asked).toHaveLength(1);
    clock.advance(1);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    await box.answered(2);
    expect([lookup.peek(KEY)?.reveal(), lookup.peek(USER)?.reveal()]).toEqual(["sk-2", "bob"]);
  });

  it("lets go of what nobody used, which the next one reads anew", async () => {
    const { lookup, box, clock } = setUp({ ttl: 60 });
    await lookup.resolve(KEY, { signal });
    clock.advance(60_000);
    expect(lookup.peek(KEY)).toBeUndefined();
    expect(box.asked).toHaveLength(1);
    box.answer = '{"key":"sk-2"}';
    expect((await lookup.resolve(KEY, { signal })).reveal()).toBe("sk-2");
  });

  it.each([
    [
      "of the reference wins over the vault's configuration",
      { ttl: 60 },
      "{vault://box/openai/key?ttl=120}",
      undefined,
      115_000,
    ],
    ["of the vault's answer wins over both", { ttl: 60 }, "{vault://box/openai/key?ttl=120}", 20_000, 18_000],
    ["that is none is ignored", { ttl: 60 }, "{vault://box/openai/key?ttl=soon}", undefined, 55_000],
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
    clock.advance(4_999_994_999);
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
    clock.advance(55_000);
    await box.answered(2);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    expect(notices).toEqual([
      {
        code: "secret-stale",
        message: "{vault://box/openai} could not be refreshed: its value of 55 s ago is served. The box is away.",
        details: { reference: "{vault://box/openai}", age_s: 55, error_code: "GW_SECRET_UNREACHABLE" },
      },
    ]);
    box.failure = undefined;
    box.answer = '{"key":"sk-2"}';
    clock.advance(60_000);
    await box.answered(3);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-2");
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
    clock.advance(55_000);
    await box.answered(2);
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-1");
    clock.advance(35_000);
    await box.answered(3);
    expect(lookup.peek(KEY)).toBeUndefined();
    await expect(lookup.resolve(KEY, { signal })).rejects.toThrow("away");
  });
});

describe("asking for a fresh secret", () => {
  it("asks the vault again, but not within five seconds", async () => {
    const { lookup, box, clock } = setUp();
    await lookup.resolve(KEY, { signal });
    box.answer = '{"key":"sk-2"}';
    clock.advance(4_999);
    expect((await lookup.resolve(KEY, { signal, fresh: true })).reveal()).toBe("sk-1");
    clock.advance(1);
    expect((await lookup.resolve(KEY, { signal, fresh: true })).reveal()).toBe("sk-2");
    expect(lookup.peek(KEY)?.reveal()).toBe("sk-2");
  });

  it("gives the old one while the vault is away", async () => {
    const { lookup, box, clock } = setUp();
    await lookup.resolve(KEY, { signal });
    clock.advance(5_000);
    box.failure = away();
    expect((await lookup.resolve(KEY, { signal, fresh: true })).reveal()).toBe("sk-1");
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
  isClosed = false;
  readonly asked: string[] = [];
  #gate = Promise.resolve();
  #answers = 0;
  #onAnswer: () => void = () => {};

  readonly definition: VaultDefinition = {
    name: "box",
    create: async () => {
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
    await this.#gate;
    this.#answers += 1;
    this.#onAnswer();
    if (this.failure !== undefined) throw this.failure;
    return { secret: new Secret(this.answer), ...(this.ttlMs === undefined ? {} : { ttlMs: this.ttlMs }) };
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

function setUp(config: JsonObject = {}, others: readonly { prefix: string; name: string; config: JsonObject }[] = []) {
  const box = new Box();
  const clock = createFakeClock();
  const notices: Notice[] = [];
  const definitions = new Map([envVault, box.definition].map((definition) => [definition.name, definition]));
  const environment = { OPENAI_KEY: "sk-env" };
  const lookup = createSecretLookup([{ prefix: "box", name: "box", config }, ...others], definitions, {
    environment,
    clock,
    notify: (notice) => notices.push(notice),
  });
  lookups.push(lookup);
  return { lookup, box, clock, notices };
}
