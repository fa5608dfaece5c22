import type { ConfigFinding, CorsConfig } from "../config/types.ts";
import { definePlugin, type Exchange } from "./plugin.ts";

/** Kong's cors: answers preflight requests, and adds the headers that let scripts read answers. */
export const cors = definePlugin<CorsConfig>({
  name: "cors",
  priority: 2_000,
  check: ({ origins = [] }) => origins.flatMap((origin, index) => checkOrigin(origin, index)),
  create: async (config) => {
    const allowedOrigin = compileOrigins(config.origins ?? []);
    return {
      handle: async (exchange, next) => {
        if (isPreflight(exchange) && !config.preflight_continue) {
          allowOrigin(exchange, config, allowedOrigin);
          answerPreflight(exchange, config);
          return;
        }
        if (config.allow_origin_absent || exchange.request.header("origin") !== undefined) {
          allowOrigin(exchange, config, allowedOrigin);
          const { exposed_headers: exposed = [] } = config;
          if (exposed.length > 0) exchange.setHeader("Access-Control-Expose-Headers", exposed.join(","));
        }
        await next();
      },
    };
  },
});

function isPreflight({ request }: Exchange): boolean {
  return (
    request.method === "OPTIONS" &&
    request.header("origin") !== undefined &&
    request.header("access-control-request-method") !== undefined
  );
}

/** `*` for any; undefined when the origin may not call; `isVaried` when another origin would get another answer. */
type AllowedOrigin = (origin: string | undefined) => { readonly value: string | undefined; readonly isVaried: boolean };

function compileOrigins(origins: readonly string[]): AllowedOrigin {
  if (origins.length === 0 || origins.includes("*")) return () => ({ value: "*", isVaried: false });
  const [only = ""] = origins;
  if (origins.length === 1 && isPlain(only)) return () => ({ value: only, isVaried: true });
  const expressions = origins.filter((origin) => !isPlain(origin)).map(compileOrigin);
  const plain = new Set(origins.filter(isPlain).map((origin) => origin.toLowerCase()));
  return (origin) => {
    const isAllowed =
      origin !== undefined &&
      (plain.has(origin.toLowerCase()) || expressions.some((expression) => expression?.test(origin) === true));
    return { value: isAllowed ? origin : undefined, isVaried: true };
  };
}

/** As in Kong, what has no character of regular expressions but dots is meant as it is written. */
function isPlain(origin: string): boolean {
  return !/[\\^$|?*+()[\]{}]/.test(origin);
}

/** The whole origin has to match: `example.com` must not let `example.com.evil.org` in. */
function compileOrigin(origin: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${origin})$`, "i");
  } catch {
    return undefined;
  }
}

function checkOrigin(origin: string, index: number): readonly ConfigFinding[] {
  if (origin === "*" || isPlain(origin) || compileOrigin(origin) !== undefined) return [];
  const at = `origins[${index}]`;
  return [{ severity: "error", code: "bad-value", message: `${at} is not a regular expression.`, at }];
}

function allowOrigin(exchange: Exchange, { credentials }: CorsConfig, allowedOrigin: AllowedOrigin): void {
  const origin = exchange.request.header("origin");
  const { value, isVaried } = allowedOrigin(origin);
  // With credentials browsers refuse `*`.
  const shown = value === "*" && credentials && origin !== undefined ? origin : value;
  if (isVaried || shown !== value) exchange.addHeader("Vary", "Origin");
  exchange.setHeader("Access-Control-Allow-Origin", shown);
  const mayHaveCredentials = credentials && shown !== undefined && shown !== "*";
  exchange.setHeader("Access-Control-Allow-Credentials", mayHaveCredentials ? "true" : undefined);
}

function answerPreflight(exchange: Exchange, config: CorsConfig): void {
  const { request } = exchange;
  const headers = config.headers?.join(",") ?? request.header("access-control-request-headers");
  exchange.setHeader("Access-Control-Allow-Headers", headers);
  exchange.setHeader("Access-Control-Allow-Methods", config.methods.join(","));
  if (config.max_age !== undefined) exchange.setHeader("Access-Control-Max-Age", String(config.max_age));
  if (config.private_network && request.header("access-control-request-private-network") === "true")
    exchange.setHeader("Access-Control-Allow-Private-Network", "true");
  exchange.begin(200, ["Content-Length", "0"]);
  exchange.end();
}
