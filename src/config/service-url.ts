/** What the shorthand `url` of a service stands for. */
export interface ServiceAddress {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
}

const URL_FORM = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(\[[0-9a-fA-F:.]+\]|[^/:?#@\s[\]]+)(?::(\d{1,5}))?(\/[^?#]*)?$/;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { https: 443, grpcs: 443 };

/** Undefined for what is no URL of a service: without a scheme, or with a user, a query or a fragment. Spaces in the path become %20. */
export function splitUrl(url: string): ServiceAddress | undefined {
  const match = URL_FORM.exec(url.trim());
  if (match === null) return undefined;
  const [, scheme = "", host = "", port, path] = match;
  const protocol = scheme.toLowerCase();
  return {
    protocol,
    host,
    port: port === undefined ? (DEFAULT_PORTS[protocol] ?? 80) : Number(port),
    ...(path === undefined ? {} : { path: path.replaceAll(" ", "%20") }),
  };
}
