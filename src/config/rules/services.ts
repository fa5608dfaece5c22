import type { Draft, Finding } from "../draft.ts";
import { splitUrl } from "../service-url.ts";
import type { Service } from "../types.ts";
import { error } from "./finding.ts";
import { checkServiceIsRun } from "./not-run.ts";

/** RFC 3986, section 3.3: what may stand in a path. */
const PATH_CHARACTERS = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

/** What must hold before a service can be normalised. */
export function checkServiceAddress({ value }: Draft): readonly Finding[] {
  const { url, host } = value;
  if (typeof url !== "string") {
    if (host !== undefined || url !== undefined) return [];
    return [error("required-key", 'needs the key "url" or "host".', [], "Write url: http://HOST:PORT/PATH.")];
  }
  if (splitUrl(url) !== undefined) return [];
  return [
    error("service-url", "url must be of the form http://HOST:PORT/PATH, without user, query and fragment.", ["url"]),
  ];
}

export function checkService(service: Service, { value }: Draft): readonly Finding[] {
  const from = (field: string): string[] => [Object.hasOwn(value, field) ? field : "url"];
  const findings: Finding[] = [];
  if (service.port > 65535) findings.push(error("bad-value", "the port must be at most 65535.", from("port")));
  if (/[/\s?#@]/.test(service.host))
    findings.push(error("bad-value", "host must be a host name or IP address alone.", from("host")));
  findings.push(...checkServiceIsRun(service));
  const pathProblem = service.path === undefined ? undefined : problemOfPath(service.path);
  if (pathProblem !== undefined) findings.push(error("bad-value", `path ${pathProblem}.`, from("path")));
  return findings;
}

function problemOfPath(path: string): string | undefined {
  if (!path.startsWith("/")) return "must begin with a slash";
  if (path.includes("//")) return "must not hold empty segments (//)";
  if (!PATH_CHARACTERS.test(path)) return "holds a character that must be percent-encoded";
  return undefined;
}
