import { isReachable, type NotRun, notRunOfPlugin, notRunOfRoute, notRunOfService } from "../../core/not-run.ts";
import type { Draft, Finding } from "../draft.ts";
import type { CollectionName, FilterChain, Plugin, Route, Service } from "../types.ts";
import { warning } from "./finding.ts";

/** What is stored and comes back from `gw dump`, and has no effect on requests. */
const NOT_RUN: Readonly<Partial<Record<CollectionName, string>>> = {
  snis: "gw serves TLS with the certificate of its flags",
  basicauth_credentials: "gw does not run the plugin basic-auth",
  jwt_secrets: "gw does not run the plugin jwt",
  hmacauth_credentials: "gw does not run the plugin hmac-auth",
  oauth2_credentials: "gw does not run the plugin oauth2",
  mtls_auth_credentials: "gw does not run the plugin mtls-auth",
  partials: "routes of plugins that use it answer 503",
  key_sets: "no plugin of gw uses it",
  keys: "no plugin of gw uses it",
  licenses: "gw needs none",
  rbac_roles: "gw has no roles of administrators",
  service_packages: "gw has no catalogue of services",
  cloned_plugins: "gw runs no clones of plugins",
  custom_plugins: "gw runs only plugins of its own",
  custom_entities: "gw does not run the plugin it is for",
};

/** Of a filter chain, whose filters may be what keeps others out. */
export function checkFilterChainIsRun({ enabled }: FilterChain): readonly Finding[] {
  const effect = enabled ? "its routes answer 503" : "it is disabled";
  return [warning("not-run", `is kept and not run: ${effect}.`, [])];
}

export function checkIsRun({ collection }: Draft): readonly Finding[] {
  const reason = NOT_RUN[collection];
  return reason === undefined ? [] : [warning("not-run", `is kept and has no effect: ${reason}.`, [])];
}

/** Fields that gw keeps and does not run. */
export function checkServiceIsRun(service: Service): readonly Finding[] {
  return notRunOfService(service).map((found) => answers503(found, "the routes of the service answer 503"));
}

export function checkRouteIsRun(route: Route): readonly Finding[] {
  const end = isReachable(route) ? "the route answers 503" : "no request reaches the route";
  return notRunOfRoute(route).map((found) => answers503(found, end));
}

export function checkPluginIsRun(plugin: Plugin): readonly Finding[] {
  return notRunOfPlugin(plugin).map((found) => answers503(found, "the routes of the plugin answer 503"));
}

function answers503({ field, what }: NotRun, end: string): Finding {
  const text = what.replace(/^its (?:service's |plugin's )?/, "");
  return warning("not-run", `${text} ${text.startsWith("protocols") ? "are" : "is"} kept and not run: ${end}.`, [
    field,
  ]);
}
