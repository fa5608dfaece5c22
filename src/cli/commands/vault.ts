import type { Vault } from "../../config/types.ts";
import { SecretError, UsageError } from "../../core/errors.ts";
import { isReference, parseReference } from "../../secrets/reference.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputOptions } from "../config-input.ts";
import { isSet } from "../option-values.ts";
import { openServingSource } from "../serving-source.ts";
import { type FoundSecret, foundSecretJson, foundSecretText, missingSecretJson } from "../views/found-secret.ts";
import { jsonText } from "../views/report.ts";
import { openSecrets } from "../wire.ts";

/** The vault that needs no configuration. */
const BUILT_IN = "env";
/** A vault that is away has answered, or not, by then; in milliseconds. */
const RESOLVE_MS = 5_000;

export const vault: Command = {
  name: "vault",
  summary: "get {vault://…}: say whether a reference resolves, from which vault, and how old it is",
  arguments: "<get> <reference>",
  options: [
    ...inputOptions,
    { flags: "--reveal", summary: "print the secret, and nothing else, on stdout" },
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run([action, reference = ""], options, terminal) {
    if (action !== "get") throw new UsageError(`gw vault ${action} is unknown. Write: gw vault get '{vault://…}'.`);
    const text = toReference(reference);
    const vaults = parseReference(text).prefix === BUILT_IN ? [] : await configuredVaults(options, terminal);
    const found = await find(text, vaults, terminal);
    if (found instanceof SecretError) {
      if (!isSet(options, "jsonOutput")) throw found;
      terminal.out(jsonText(missingSecretJson(text, found)));
      return 1;
    }
    if (isSet(options, "reveal")) terminal.out(`${found.secret.reveal()}\n`);
    else if (isSet(options, "jsonOutput")) terminal.out(jsonText(foundSecretJson(found)));
    else terminal.out(foundSecretText(found));
    return 0;
  },
};

async function configuredVaults(options: OptionValues, terminal: Terminal): Promise<readonly Vault[]> {
  const source = await openServingSource([], options, terminal);
  try {
    terminal.err(`Using ${source.description}.\n`);
    return (await source.load()).config.vaults;
  } finally {
    await source.close();
  }
}

/** Kong's command takes the short form too: `env/openai-key`. */
function toReference(text: string): string {
  if (isReference(text)) return text;
  if (/^[a-z0-9-]+\/[^{}\s]+$/i.test(text)) return `{vault://${text}}`;
  throw new UsageError("Name a reference in quotes: gw vault get '{vault://prefix/resource/key}'.");
}

/** Or what keeps it from being found. */
async function find(text: string, vaults: readonly Vault[], terminal: Terminal): Promise<FoundSecret | SecretError> {
  const secrets = await openSecrets(vaults, terminal.environment);
  const startedAt = performance.now();
  try {
    const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(RESOLVE_MS)]);
    const secret = await secrets.resolve(text, { signal });
    const ms = performance.now() - startedAt;
    const warnings = await secrets.check(text);
    return { status: secrets.status().find(({ reference }) => reference === text), secret, ms, warnings };
  } catch (thrown) {
    if (thrown instanceof SecretError) return thrown;
    throw thrown;
  } finally {
    await secrets.close();
  }
}
