import { isReference } from "../../secrets/reference.ts";
import type { Draft, Finding } from "../draft.ts";
import { walkFields } from "../fields.ts";
import { printPath } from "../path.ts";
import { entitySchemas } from "../schemas.ts";
import { isMasked } from "../masked-secrets.ts";
import { hasPlainDefault, hasExpression } from "../template.ts";
import { warning } from "./finding.ts";

/** Secrets that stand in the file itself. Their values are never shown. */
export function checkPlainSecrets(draft: Draft): readonly Finding[] {
  const findings: Finding[] = [];
  walkFields(draft.value, entitySchemas[draft.collection], ({ value, path, schema }) => {
    const isSecret = schema?.["x-gw-sensitive"] === true && typeof value === "string" && value !== "";
    if (!isSecret || isMasked(value) || isReference(value) || (hasExpression(value) && !hasPlainDefault(value))) return;
    const fix = 'Use a vault reference ("{vault://…}") or an environment variable (${{ env "DECK_…" }}).';
    findings.push(warning("secret-in-plain-text", `${printPath(path())} holds a secret in plain text.`, path(), fix));
  });
  return findings;
}
