import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createAppRole, describeWithOpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { encodedForms } from "../support/encoded-forms.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { runGw } from "../support/run-gw.ts";
import { serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Characters that JSON, URLs and shells write differently. */
const planted = {
  oldKey: 'sk-canary-old/+"q"&=%20\\x',
  newKey: 'sk-canary-new/+"q"&=%20\\x',
  parameter: "canary-parameter/+&=%41",
  rootToken: "canary-root-token-77Rt",
  wrongToken: "canary-wrong-token-31Wt",
  ofEnvironment: 'canary-environment/+"e"',
};

const chatBody = '{"messages":[{"role":"user","content":"Hello"}]}';

/** One vault by AppRole, one that is refused; a key in a header, one in a query, one that cannot be had. */
function configuration(origin: string, vault: { host: string; port: number }): string {
  const address = { host: vault.host, port: vault.port, kv: "v2" };
  const target = (path: string, auth: object): object => ({
    route_type: "llm/v1/chat",
    auth,
    model: { provider: "openai", name: path, options: { upstream_url: `${origin}/${path}` } },
  });
  const route = (name: string, auth: object): object => ({
    name,
    paths: [`/${name}`],
    plugins: [
      {
        name: "ai-proxy-advanced",
        config: { targets: [target(name, auth)], balancer: { algorithm: "round-robin" } },
      },
    ],
  });
  const approle = { auth_method: "approle", approle_role_id: '${{ env "DECK_ROLE" }}' };
  return JSON.stringify({
    _format_version: "3.0",
    vaults: [
      {
        name: "hcv",
        prefix: "good",
        config: { ...address, ...approle, approle_secret_id: '${{ env "DECK_SECRET" }}' },
      },
      { name: "hcv", prefix: "refused", config: { ...address, token: '${{ env "DECK_WRONG" }}' } },
    ],
    services: [
      {
        name: "llm",
        url: "http://127.0.0.1:9",
        routes: [
          route("header", { header_name: "Authorization", header_value: "{vault://good/openai/key}" }),
          route("query", {
            param_name: "key",
            param_value: "{vault://good/openai/parameter}",
            param_location: "query",
          }),
          route("body", { param_name: "key", param_value: "{vault://env/of-environment}", param_location: "body" }),
          route("never", { header_name: "Authorization", header_value: "{vault://refused/openai/key}" }),
        ],
      },
    ],
  });
}

describeWithOpenBao("planted secrets", () => {
  it("stand in nothing that gw prints, answers or stores, in no encoding", async () => {
    const bao = await startOpenBao({ host: "127.61.8.2", folder: tempDir(), rootToken: planted.rootToken });
    onTestFinished(async () => await bao.stop());
    const { roleId, secretId } = await createAppRole(bao, "secret/data/openai");
    let valid = planted.oldKey;
    const received: string[] = [];
    const upstream = await startFakeUpstream({
      reply(request) {
        const key = String(request.headers["authorization"] ?? "").replace("Bearer ", "");
        received.push(key, request.path, request.body.toString());
        const isRefused = request.path.startsWith("/header") && key !== valid;
        request.answer(isRefused ? 401 : 200, { "content-type": "application/json" }, "{}");
      },
    });
    onTestFinished(async () => await upstream.close());
    await writeSecret(bao, "openai", { key: planted.oldKey, parameter: planted.parameter });

    const cwd = tempDir();
    writeFileSync(join(cwd, "kong.yaml"), configuration(upstream.origin, bao));
    const env = {
      DECK_ROLE: roleId,
      DECK_SECRET: secretId,
      DECK_WRONG: planted.wrongToken,
      OF_ENVIRONMENT: planted.ofEnvironment,
    };
    const shown: string[] = [];
    const run = async (...args: string[]): Promise<void> => {
      const { out, err } = await runGw(args, { cwd, env: { ...env, GW_DEBUG: "1" } });
      shown.push(out, err);
    };
    await run("diff", "--json");
    await run("sync");
    const references = ["good/openai/key", "good/openai/absent", "refused/openai/key", "env/of-environment"];
    const gets = references.map((path) => ["vault", "get", `{vault://${path}}`]);
    const route = ["test-route", "Hello", "--route", "header", "--json"];
    const commands = [["validate"], ["render"], ["diff"], ["dump"], ["history"], route, ...gets];
    for (const command of [...commands, ...gets.map((get) => [...get, "--json"])]) await run(...command);

    const gw = await serveGw(["--log-level", "debug"], { cwd, env: { ...env, GW_DEBUG: "1" } });
    const ask = async (url: string): Promise<void> => {
      const init = url.startsWith(gw.admin) ? {} : { method: "POST", body: chatBody };
      const response = await fetch(url, { ...init, headers: { "content-type": "application/json" } });
      shown.push(JSON.stringify([...response.headers]), await response.text());
    };
    for (const path of ["header", "query", "body", "never", "nowhere"]) await ask(`${gw.origin}/${path}`);
    await writeSecret(bao, "openai", { key: planted.newKey, parameter: planted.parameter });
    valid = planted.newKey;
    await ask(`${gw.origin}/header`);
    valid = "another";
    await ask(`${gw.origin}/header`);
    await bao.stop();
    for (const path of ["header", "query", "never"]) await ask(`${gw.origin}/${path}`);
    for (const path of ["status", "status/ready"]) await ask(`${gw.admin}/${path}`);
    await gw.stop();
    shown.push(gw.output());

    const everything = shown.join("\n");
    const found = Object.entries({ ...planted, secretId }).filter(([, secret]) =>
      encodedForms(secret).some((form) => everything.includes(form)),
    );
    expect(found.map(([name]) => name)).toEqual([]);
    // The secrets were there to be seen, all of them.
    expect(received).toEqual(expect.arrayContaining([planted.oldKey, planted.newKey]));
    const sent = received.join("\n");
    expect(sent).toContain(encodeURIComponent(planted.parameter));
    expect(sent).toContain(JSON.stringify(planted.ofEnvironment));
    for (const mark of ["secret-replaced", "secret-refused", "GW_SECRET_DENIED"]) expect(everything).toContain(mark);
  }, 120_000);
});
