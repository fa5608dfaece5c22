import { describe, expect, it } from "vitest";
import { UpstreamError } from "../../../../src/core/errors.ts";
import { Secret } from "../../../../src/core/secret.ts";
import type { SecretLookup } from "../../../../src/secrets/lookup.ts";
import { compileCredentials } from "../../../../src/plugins/ai-proxy-advanced/credentials.ts";
import type { ReadyCredential } from "../../../../src/plugins/ai-proxy-advanced/target-credential.ts";
import { sendGuarded } from "../../../../src/plugins/ai-proxy-advanced/key-guard.ts";
import type { UpstreamFlow, UpstreamHandler } from "../../../../src/upstream/upstream.ts";

describe("an answer to a request with a key from a vault", () => {
  it("that is no refusal goes through as it comes", async () => {
    const { sent, heard } = await start();
    sent[0]?.handler.onHead(429, ["retry-after", "1"]);
    sent[0]?.handler.onData(Buffer.from("slow down"));
    sent[0]?.handler.onEnd();
    expect(heard).toEqual(["start", "head 429", "data slow down", "end"]);
    expect(sent).toHaveLength(1);
  });

  it.each([401, 403])("of status %i is followed by a second request when the vault has another key", async (status) => {
    const { sent, heard, renewals } = await start("sk-2");
    refuse(sent[0]?.handler, status);
    await settled();
    expect(heard).toEqual(["start"]);
    sent[1]?.handler.onHead(200, []);
    sent[1]?.handler.onData(Buffer.from("hello"));
    sent[1]?.handler.onEnd();
    expect(heard).toEqual(["start", "head 200", "data hello", "end"]);
    expect([sent.map(({ key }) => key), renewals()]).toEqual([["Bearer sk-1", "Bearer sk-2"], 1]);
  });

  it("is passed on when the vault has no other", async () => {
    const { sent, heard, renewals } = await start();
    refuse(sent[0]?.handler, 401);
    await settled();
    expect(heard).toEqual(["start", "head 401", "data wrong ", "data key", "end"]);
    expect(renewals()).toBe(0);
  });

  it("is passed on when the second key is refused too", async () => {
    const { sent, heard } = await start("sk-2");
    refuse(sent[0]?.handler, 401);
    await settled();
    refuse(sent[1]?.handler, 401);
    expect(heard).toEqual(["start", "head 401", "data wrong ", "data key", "end"]);
    expect(sent).toHaveLength(2);
  });

  it("is passed on at once when it is longer than a refusal should be", async () => {
    const { sent, heard } = await start("sk-2");
    sent[0]?.handler.onHead(403, []);
    sent[0]?.handler.onData(Buffer.alloc(64 * 1024, "x"));
    expect(heard).toEqual(["start"]);
    sent[0]?.handler.onData(Buffer.from("y"));
    sent[0]?.handler.onEnd();
    expect(heard.map((line) => line.slice(0, 8))).toEqual(["start", "head 403", "data xxx", "data y", "end"]);
    expect(sent).toHaveLength(1);
  });

  it("that breaks off is passed on as far as it came", async () => {
    const { sent, heard } = await start("sk-2");
    sent[0]?.handler.onHead(401, []);
    sent[0]?.handler.onError(new UpstreamError("GW_UPSTREAM_RESET", "gone"));
    expect(heard).toEqual(["start", "head 401", "error GW_UPSTREAM_RESET"]);
  });

  it("is not repeated for a client that has gone", async () => {
    const { sent, heard, flow } = await start("sk-2");
    refuse(sent[0]?.handler, 401);
    flow()?.cancel();
    await settled();
    expect(heard).toEqual(["start", "error GW_UPSTREAM_ABORTED"]);
    expect(sent).toHaveLength(1);
  });

  it("cancels the second request, too", async () => {
    const { sent, flow } = await start("sk-2");
    refuse(sent[0]?.handler, 401);
    await settled();
    flow()?.cancel();
    expect(sent.map((one) => one.isCancelled())).toEqual([false, true]);
  });

  it("is left alone where that is configured, and for keys in plain text", async () => {
    for (const options of [{ isRenewed: false }, { value: "sk-plain" }]) {
      const { sent, heard } = await start("sk-2", options);
      refuse(sent[0]?.handler, 401);
      expect(heard).toEqual(["start", "head 401", "data wrong ", "data key", "end"]);
    }
  });
});

function refuse(handler: UpstreamHandler | undefined, status: number): void {
  handler?.onHead(status, []);
  handler?.onData(Buffer.from("wrong "));
  handler?.onData(Buffer.from("key"));
  handler?.onEnd();
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

interface Sent {
  readonly key: string;
  readonly handler: UpstreamHandler;
  isCancelled(): boolean;
}

/** A request that was sent with sk-1, whose vault has `next` when it is asked again. */
async function start(next = "sk-1", { isRenewed = true, value = "{vault://v/key}" } = {}) {
  let current = new Secret("sk-1");
  const secrets: SecretLookup = {
    peek: () => current,
    resolve: async () => current,
    async renew(_reference, refused) {
      if (next !== current.reveal()) current = new Secret(next);
      return current === refused ? refused : current;
    },
  };
  const services = { secrets, notify: () => {}, scheme: "bearer" as const, isRenewed };
  const auth = { header_name: "Authorization", header_value: value, allow_override: false };
  const credentials = compileCredentials(
    { ...auth, azure_use_managed_identity: false, gcp_use_service_account: false },
    services,
  );
  const used = await Promise.all(credentials.map((credential) => credential.resolve()));
  const sent: Sent[] = [];
  const heard: string[] = [];
  let renewals = 0;
  let flow: UpstreamFlow | undefined;
  const send = (ready: readonly ReadyCredential[], handler: UpstreamHandler): void => {
    let isCancelled = false;
    const [first] = ready;
    sent.push({
      key: first?.place === undefined ? "" : first.secret.reveal(),
      handler,
      isCancelled: () => isCancelled,
    });
    handler.onStart({
      cancel: () => {
        isCancelled = true;
      },
      resume: () => {},
    });
  };
  sendGuarded(
    { credentials, used, send, onRenewal: () => (renewals += 1) },
    {
      onStart(started) {
        flow = started;
        heard.push("start");
      },
      onHead: (status) => void heard.push(`head ${status}`),
      onData: (chunk) => heard.push(`data ${chunk.toString()}`) > 0,
      onEnd: () => void heard.push("end"),
      onError: ({ code }) => void heard.push(`error ${code}`),
    },
  );
  return { sent, heard, renewals: () => renewals, flow: () => flow };
}
