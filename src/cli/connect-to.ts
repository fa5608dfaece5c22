import { UsageError } from "../core/errors.ts";

/**
 * `--connect-to HOST:PORT=URL`, as curl's option of that name: dial URL whenever HOST:PORT is meant. Host header and TLS name stay the
 * original's. Throws UsageError.
 */
export function parseConnectTo(values: readonly string[]): ReadonlyMap<string, URL> {
  return new Map(values.map(parseOne));
}

function parseOne(value: string): [string, URL] {
  const equals = value.indexOf("=");
  const from = value.slice(0, equals).toLowerCase();
  const to = value.slice(equals + 1);
  if (equals < 0 || !/^[^\s/]+:\d{1,5}$/.test(from) || !URL.canParse(to)) {
    throw new UsageError(
      `--connect-to ${value}: write HOST:PORT=URL, for example api.openai.com:443=http://127.0.0.1:9000.`,
    );
  }
  const url = new URL(to);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new UsageError(`--connect-to ${value}: the URL must be http or https.`);
  return [from, url];
}
