import { afterEach, describe, expect, it } from "vitest";
import { openAiRoutes } from "../../../../src/cli/serve/open-routes.ts";
import { serveYaml, type YamlGateway } from "../../../support/serve-yaml.ts";

let gateway: YamlGateway | undefined;

afterEach(async () => await gateway?.close());

const everywhere = [{ host: "0.0.0.0", port: 8_000 }];

const ai = `
routes: [{name: chat, paths: [/chat]}, {name: plain, paths: [/]}]
consumers: [{username: nobody}]
plugins:
- name: ai-proxy-advanced
  route: chat
  config:
    targets:
    - route_type: llm/v1/chat
      auth: {header_name: Authorization, header_value: "{vault://env/key}"}
      model: {provider: openai, name: gpt-4o}
`;

async function openRoutes(more: string, listeners = everywhere): Promise<readonly string[]> {
  gateway = await serveYaml(ai + more, { KEY: "unused" });
  return openAiRoutes(gateway.server.runtime.plans, listeners);
}

describe("AI routes that everybody can use", () => {
  it.each<[string, readonly string[]]>([
    ["", ["chat"]],
    ["- {name: key-auth}", []],
    ["- {name: key-auth, route: chat}", []],
    ["- {name: key-auth, route: plain}", ["chat"]],
    ["- {name: key-auth, enabled: false}", ["chat"]],
    ["- {name: key-auth, config: {anonymous: nobody}}", ["chat"]],
    ["- {name: acl, config: {allow: [staff]}}", ["chat"]],
    ["- {name: rate-limiting, config: {minute: 1}}", ["chat"]],
  ])("with %j", async (more, names) => {
    expect(await openRoutes(more)).toEqual(names);
  });

  it.each([
    ["127.0.0.1", 0],
    ["127.8.7.6", 0],
    ["::1", 0],
    ["localhost", 0],
    ["0.0.0.0", 1],
    ["::", 1],
    ["192.0.2.1", 1],
    ["gateway.example.com", 1],
    ["127.0.0.1.example.com", 1],
  ])("when gw listens on %s", async (host, count) => {
    expect(
      await openRoutes("", [
        { host: "127.0.0.1", port: 1 },
        { host, port: 2 },
      ]),
    ).toHaveLength(count);
  });
});
