import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendRaw } from "../support/ask.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { serveGw, type ServedGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";
import { runGw } from "../support/run-gw.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/tls");

let cwd: string;
let gw: ServedGw | undefined;
let upstream: FakeUpstream;

beforeEach(async () => {
  cwd = tempDir();
  upstream = await startFakeUpstream({ reply: (request) => request.answer(200, {}, request.path) });
});

afterEach(async () => {
  await gw?.stop();
  gw = undefined;
  await upstream.close();
});

/** Every path to the upstream; `more` is further YAML. */
function writePlain(more = ""): void {
  writeFileSync(
    join(cwd, "kong.yaml"),
    `_format_version: "3.0"\nservices: [{name: s, url: "${upstream.origin}", routes: [{name: r, paths: [/]}]}]\n${more}`,
  );
}

async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ServedGw> {
  gw = await serveGw(["kong.yaml", ...args], { cwd, env });
  return gw;
}

async function statusOf({ admin }: ServedGw): Promise<{ readonly requests: number; readonly workers: number }> {
  return (await (await fetch(`${admin}/status`)).json()) as { requests: number; workers: number };
}

/** A new connection for each request: workers take turns at connections. */
async function ask(origin: string): Promise<number> {
  const { status } = await fetch(origin, { headers: { Connection: "close" } });
  return status;
}

/** What a worker was serving when it died is lost, and its client told so; everything else is answered. */
async function askUnlessLost(origin: string): Promise<void> {
  const answer = await sendRaw(origin, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").catch(() => "");
  expect(answer).toMatch(/^(HTTP\/1\.1 200 |$)/);
}

function workersOf({ pid }: ServedGw): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { interval: 20, timeout: 15_000 }).toBe(true);
}

describe("gw serve --workers 2", () => {
  it("serves from both, and tells of both together", async () => {
    writePlain("plugins: [{name: key-auth, enabled: false}]");
    const served = await serve(["--workers", "2"]);
    for (let count = 0; count < 6; count += 1) expect(await ask(served.origin)).toBe(200);
    expect(await statusOf(served)).toMatchObject({ requests: 6, workers: 2 });
    const metrics = await (await fetch(`${served.admin}/metrics`)).text();
    expect(metrics).toContain('gw_http_requests_total{route="r",service="s",status="200"} 6');
    const routes = (await (await fetch(`${served.admin}/routes`)).json()) as { data: unknown[] };
    expect(routes.data).toEqual([expect.objectContaining({ name: "r" })]);
  });

  it("replaces a worker that is killed, and serves meanwhile", async () => {
    writePlain();
    const served = await serve(["--workers", "2"]);
    const [first = 0, second] = workersOf(served);
    process.kill(first, "SIGKILL");
    await until(async () => {
      await askUnlessLost(served.origin);
      return !workersOf(served).includes(first) && (await statusOf(served)).workers === 2;
    });
    expect(workersOf(served)).toContain(second);
    for (let count = 0; count < 4; count += 1) expect(await ask(served.origin)).toBe(200);
    expect(served.output()).toContain("has ended (SIGKILL). Another takes its place.");
  });

  it("leaves no client waiting when workers are killed under load", async () => {
    writePlain();
    const served = await serve(["--workers", "2"]);
    const stopped = new AbortController();
    const clients = Array.from({ length: 12 }, async () => {
      while (!stopped.signal.aborted) await askUnlessLost(served.origin);
    });
    for (let kills = 0; kills < 4; kills += 1) {
      const victim = workersOf(served)[kills % 2] ?? 0;
      process.kill(victim, "SIGKILL");
      await until(async () => !workersOf(served).includes(victim) && (await statusOf(served)).workers === 2);
    }
    stopped.abort();
    await Promise.all(clients);
  }, 60_000);

  it("lets requests end before it does", async () => {
    await upstream.close();
    upstream = await startFakeUpstream();
    writePlain();
    const served = await serve(["--workers", "2"]);
    const answer = fetch(served.origin);
    const request = await upstream.next();
    served.terminate();
    await until(async () => served.output().includes("Stopping"));
    request.answer(200, {}, "late");
    expect(await (await answer).text()).toBe("late");
    expect(await served.ended).toBe(0);
  });

  it("ends with the error that keeps its workers from beginning", async () => {
    writeFileSync(join(cwd, "kong.yaml"), "nonsense: 1\n");
    const run = await runGw(["serve", "kong.yaml", "--workers", "2", "--admin-listen", "off"], { cwd });
    expect(run.code).toBe(1);
    expect(run.err.match(/nonsense/g)).not.toBeNull();
  });
});

it("gives requests no longer than the drain timeout", async () => {
  await upstream.close();
  upstream = await startFakeUpstream();
  writePlain();
  const served = await serve(["--drain-timeout", "0"]);
  const answer = fetch(served.origin);
  await upstream.next();
  served.terminate();
  await expect(answer).rejects.toThrow("fetch failed");
  expect(await served.ended).toBe(0);
});

describe("the TLS listener", () => {
  const pem = (kind: "cert" | "key"): string => join(cwd, `${kind}.pem`);

  function install(name: string): void {
    copyFileSync(join(fixtures, `${name}.key.pem`), pem("key"));
    copyFileSync(join(fixtures, `${name}.cert.pem`), pem("cert"));
  }

  function portOf(served: ServedGw): number {
    return Number(/TLS listener: https:\/\/127\.0\.0\.1:(\d+)/.exec(served.output())?.[1]);
  }

  function certificateName(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  it("takes a renewed certificate without a restart", async () => {
    writePlain();
    install("api.openai.test");
    const served = await serve(["--proxy-listen-tls", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    await until(async () => !Number.isNaN(portOf(served)));
    const port = portOf(served);
    expect(await certificateName(port)).toBe("api.openai.test");
    install("renewed.openai.test");
    await until(async () => (await certificateName(port)) === "renewed.openai.test");
  });

  it("keeps the certificate it has when the new one is broken, and says so", async () => {
    writePlain();
    install("api.openai.test");
    const served = await serve(["--proxy-listen-tls", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    await until(async () => !Number.isNaN(portOf(served)));
    copyFileSync(join(fixtures, "renewed.openai.test.cert.pem"), pem("cert"));
    await served.logLine(({ code }) => code === "tls-certificate-refused");
    expect(await certificateName(portOf(served))).toBe("api.openai.test");
  });

  it.each<[readonly string[], string]>([
    [["--proxy-listen-tls", "127.0.0.1:0"], "needs --tls-cert FILE and --tls-key FILE"],
    [["--tls-cert", "cert.pem"], "for --proxy-listen-tls"],
    [["--proxy-listen-tls", "127.0.0.1:0", "--tls-cert", "none.pem", "--tls-key", "key.pem"], "none.pem"],
    [["--workers", "0"], "whole number from 1 to 256"],
    [["--drain-timeout", "1.5"], "whole number from 0"],
  ])("refuses %j", async (flags, message) => {
    writePlain();
    const run = await runGw(["serve", "kong.yaml", ...flags], { cwd });
    expect(run).toMatchObject({ code: 1 });
    expect(run.err).toContain(message);
  });
});
