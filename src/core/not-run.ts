/** A field that gw keeps and does not run. Serving without it could open what it was to close, so its routes answer 503. */
export interface NotRun {
  readonly field: string;
  /** What cannot be run, as in "gw cannot run …". */
  readonly what: string;
}

interface RouteFields {
  readonly protocols: readonly string[];
  readonly expression?: string;
  readonly hosts?: readonly string[];
  readonly paths?: readonly string[];
  readonly sources?: readonly unknown[];
  readonly destinations?: readonly unknown[];
  readonly filter_chains?: readonly unknown[];
}

interface ServiceFields {
  readonly protocol: string;
  readonly tls_sans?: object;
  readonly filter_chains?: readonly unknown[];
}

interface PluginFields {
  readonly condition?: string;
  readonly ordering?: object | null;
  readonly partials?: readonly unknown[];
}

const HTTP = ["http", "https"];
const REQUESTS = [...HTTP, "grpc", "grpcs"];

/**
 * Of connections no request is read, and an expression is not evaluated: such a route is no route for requests, unless it has matchers
 * beside the expression, which tell some that may be meant.
 */
export function isReachable({ protocols, expression, ...route }: RouteFields): boolean {
  const isTold = expression === undefined || hasMatchers(route);
  return isTold && protocols.some((protocol) => REQUESTS.includes(protocol));
}

function hasMatchers({ hosts = [], paths = [] }: Pick<RouteFields, "hosts" | "paths">): boolean {
  return hosts.length > 0 || paths.length > 0;
}

export function notRunOfRoute(route: RouteFields): readonly NotRun[] {
  const foreign = route.protocols.filter((protocol) => !HTTP.includes(protocol));
  return [
    ...(foreign.length === 0 ? [] : [{ field: "protocols", what: `its protocols ${foreign.join(" and ")}` }]),
    ...given(route, ["expression", "sources", "destinations", "filter_chains"], "its"),
  ];
}

export function notRunOfService(service: ServiceFields): readonly NotRun[] {
  const { protocol } = service;
  return [
    ...(HTTP.includes(protocol) ? [] : [{ field: "protocol", what: `its service's protocol ${protocol}` }]),
    ...given(service, ["tls_sans", "filter_chains"], "its service's"),
  ];
}

export function notRunOfPlugin(plugin: PluginFields): readonly NotRun[] {
  return given(plugin, ["condition", "ordering", "partials"], "its plugin's");
}

interface FilterChainFields {
  readonly enabled: boolean;
  readonly service?: { readonly id: string };
  readonly route?: { readonly id: string };
}

/** Filter chains that stand in a list of their own and name the route or its service. */
export function notRunOfFilterChains(
  chains: readonly FilterChainFields[],
  route: { readonly id: string; readonly service?: { readonly id: string } },
): readonly NotRun[] {
  const isFor = ({ enabled, ...chain }: FilterChainFields): boolean =>
    enabled &&
    (chain.route?.id === route.id || (chain.service !== undefined && chain.service.id === route.service?.id));
  return chains.some(isFor) ? [{ field: "filter_chains", what: "its filter_chains" }] : [];
}

/** The fields that are there, an empty list being as good as none. */
function given<T extends object>(owner: T, fields: readonly (keyof T & string)[], whose: string): readonly NotRun[] {
  return fields
    .filter((field) => {
      const value: unknown = owner[field];
      return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
    })
    .map((field) => ({ field, what: `${whose} ${field}` }));
}
