import { describe, expect, it } from "vitest";
import { checkSources } from "../../../src/config/load.ts";
import { resolveEnvironment } from "../../../src/config/resolve-environment.ts";
import { ConfigError } from "../../../src/core/errors.ts";
import { loadOptions } from "../../support/load-fixture.ts";

const text = `_format_version: "3.0"
vaults:
  - name: hcv
    prefix: my-vault
    description: '\${{ "\${{" }} env "DECK_VAULT_TOKEN" }}'
    config:
      token: 'x-\${{ env "DECK_VAULT_TOKEN" }}-\${{ env "DECK_TEXT" "fallback" }}'
`;

describe("resolveEnvironment", async () => {
  const { loaded } = await checkSources([{ file: "kong.yaml", text }], loadOptions());

  it("replaces expressions in sensitive fields, and takes no other text for one", () => {
    if (loaded === undefined) throw new Error("not loaded");
    const { vaults } = resolveEnvironment(loaded.config, { DECK_VAULT_TOKEN: "one" });
    expect(vaults[0]?.config).toMatchObject({ token: "x-one-fallback" });
    expect(vaults[0]?.description).toBe('${{ env "DECK_VAULT_TOKEN" }}');
  });

  it("throws an error that names each variable that is not set", () => {
    if (loaded === undefined) throw new Error("not loaded");
    const resolve = (): unknown => resolveEnvironment(loaded.config, {});
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow("vaults hcv: The environment variable DECK_VAULT_TOKEN is not set.");
  });
});
