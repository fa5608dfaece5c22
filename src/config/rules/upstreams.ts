import { parseTargetAddress } from "../../core/target-address.ts";
import type { Finding } from "../draft.ts";
import type { Target, Upstream } from "../types.ts";
import { error, warning } from "./finding.ts";

/** Kong's rules for upstreams (kong/db/schema/entities/upstreams.lua), and what gw does not run of them. */
export function checkUpstream(upstream: Upstream): readonly Finding[] {
  return [
    ...checkName(upstream),
    ...checkAlgorithm(upstream),
    ...checkHashing(upstream),
    ...checkHealthchecks(upstream),
    ...checkUnrun(upstream),
  ];
}

export function checkTarget({ target }: Target): readonly Finding[] {
  if (parseTargetAddress(target) !== undefined) return [];
  return [
    error("bad-value", "target must be a host name or IP address, and a port: 10.0.0.1:8000, [::1]:8000.", ["target"]),
  ];
}

function checkName({ name }: Upstream): readonly Finding[] {
  if (/^[A-Za-z0-9._-]+$/.test(name)) return [];
  return [error("bad-value", "the name must be of the form of a host name, without a port.", ["name"])];
}

function checkAlgorithm({ algorithm, hash_on }: Upstream): readonly Finding[] {
  if (algorithm === "sticky-sessions") {
    const fix = "Use consistent-hashing with hash_on: cookie.";
    return [
      error("not-supported", "the algorithm sticky-sessions is not supported by this version.", ["algorithm"], fix),
    ];
  }
  if (algorithm !== "consistent-hashing" || hash_on !== "none") return [];
  const message = "consistent-hashing without hash_on spreads requests as chance has it.";
  return [warning("no-effect", message, ["algorithm"], "Say by hash_on what is hashed.")];
}

function checkHashing(upstream: Upstream): readonly Finding[] {
  const { hash_on: on, hash_fallback: fallback } = upstream;
  const findings = [
    ...needs(upstream, "hash_on", on, {
      header: "hash_on_header",
      cookie: "hash_on_cookie",
      query_arg: "hash_on_query_arg",
      uri_capture: "hash_on_uri_capture",
    }),
    ...needs(upstream, "hash_fallback", fallback, {
      header: "hash_fallback_header",
      cookie: "hash_on_cookie",
      query_arg: "hash_fallback_query_arg",
      uri_capture: "hash_fallback_uri_capture",
    }),
  ];
  if (fallback !== "none" && (on === "none" || on === "cookie"))
    findings.push(error("option-conflict", `hash_fallback is never used beside hash_on: ${on}.`, ["hash_fallback"]));
  return findings;
}

function needs(
  upstream: Upstream,
  field: "hash_on" | "hash_fallback",
  value: Upstream["hash_on"],
  fields: Readonly<Partial<Record<Upstream["hash_on"], keyof Upstream>>>,
): readonly Finding[] {
  const needed = fields[value];
  if (needed === undefined || upstream[needed] !== undefined) return [];
  return [error("required-key", `${field}: ${value} needs the key "${needed}".`, [field])];
}

function checkHealthchecks({ healthchecks: { active, passive } }: Upstream): readonly Finding[] {
  return Object.entries({ active, passive }).flatMap(([kind, { type }]) =>
    type === "grpc" || type === "grpcs"
      ? [
          error(
            "not-supported",
            `${kind} health checks of type ${type} are not supported by this version.`,
            ["healthchecks", kind, "type"],
            "Use http, https or tcp.",
          ),
        ]
      : [],
  );
}

function checkUnrun({ use_srv_name }: Upstream): readonly Finding[] {
  if (!use_srv_name) return [];
  return [
    error(
      "not-supported",
      "SRV records are not read by this version.",
      ["use_srv_name"],
      "Name the targets by host and port.",
    ),
  ];
}
