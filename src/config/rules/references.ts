import { didYouMean } from "../../core/did-you-mean.ts";
import { toError } from "../../core/errors.ts";
import { isReference, parseReference } from "../../secrets/reference.ts";
import type { Draft, Finding } from "../draft.ts";
import { type Field, walkFields } from "../fields.ts";
import { type Path, printPath } from "../path.ts";
import { entitySchemas } from "../schemas.ts";
import { hasExpression } from "../template.ts";
import { error, warning } from "./finding.ts";

const OPENING = "{vault://";

/** `{vault://…}` references of one entity: are they where they are read, whole, well-formed, and is there such a vault? */
export function checkReferences(draft: Draft, prefixes: ReadonlySet<string>): readonly Finding[] {
  const findings: Finding[] = [];
  walkFields(draft.value, entitySchemas[draft.collection], (field) => {
    if (field.schema === undefined && field.depth > 0) return false;
    if (typeof field.value === "string" && field.value.includes(OPENING) && !hasExpression(field.value)) {
      findings.push(...checkText(field.value, field, prefixes));
    }
    return true;
  });
  return findings;
}

function checkText(text: string, field: Field, prefixes: ReadonlySet<string>): readonly Finding[] {
  const { schema } = field;
  const path = field.path();
  const name = printPath(path);
  if (schema?.["x-gw-referenceable"] !== true) {
    return [warning("reference-not-read", `${name} is used as it is: a vault reference is not read there.`, path)];
  }
  return isReference(text) ? checkReference(text, name, path, prefixes) : [notWhole(name, path)];
}

function notWhole(name: string, path: Path): Finding {
  const fix =
    'Let the reference be the whole value: header_value: "{vault://prefix/resource/key}". What stands before or after it belongs into the secret.';
  return error(
    "reference-not-whole",
    `${name} holds a vault reference and other text; such a reference is never read.`,
    path,
    fix,
  );
}

function checkReference(text: string, name: string, path: Path, prefixes: ReadonlySet<string>): readonly Finding[] {
  try {
    const { prefix } = parseReference(text);
    if (prefixes.has(prefix)) return [];
    const message = `${name} names the vault "${prefix}", which is not defined.${didYouMean(prefix, prefixes)}`;
    return [error("unknown-vault", message, path, `Defined here: ${[...prefixes].join(", ")}.`)];
  } catch (thrown) {
    return [error("bad-reference", `${name}: ${toError(thrown).message}.`, path)];
  }
}
