import { UsageError } from "../../core/errors.ts";
import { MAX_CONNECTIONS } from "../../gateway/server.ts";
import type { LogLevel } from "../../observability/log.ts";
import type { Option, OptionValues } from "../command.ts";
import { type ListenAddress, parseListenAddress } from "../listen-address.ts";
import { isSet, textOf } from "../option-values.ts";

export const serveOptions: readonly Option[] = [
  { flags: "--proxy-listen <address>", summary: "where clients connect: HOST:PORT", default: "127.0.0.1:8000" },
  { flags: "--proxy-listen-tls <address>", summary: "where clients connect with TLS: HOST:PORT; needs a certificate" },
  { flags: "--tls-cert <file>", summary: "certificate chain (PEM); read again when the file changes" },
  { flags: "--tls-key <file>", summary: "private key of the certificate (PEM)" },
  {
    flags: "--admin-listen <address>",
    summary: "where /status and /metrics are: HOST:PORT, or off",
    default: "127.0.0.1:8001",
  },
  {
    flags: "--admin-token <token>",
    summary: "what callers of the admin listener have to send; better as GW_ADMIN_TOKEN",
  },
  { flags: "--workers <number>", summary: "processes that serve; one that dies is replaced", default: "1" },
  {
    flags: "--max-connections <number>",
    summary: "of each listener of a worker; those beyond are closed",
    default: String(MAX_CONNECTIONS),
  },
  { flags: "--drain-timeout <seconds>", summary: "how long requests may take to end after SIGTERM", default: "30" },
  { flags: "--allow-unresolved", summary: "be ready although secrets could not be read; what needs them answers 503" },
  {
    flags: "--log-level <level>",
    summary: "the JSON log on stdout: a line a request at info",
    choices: ["debug", "info", "warn", "error", "silent"],
    default: "info",
  },
];

export interface ServeSettings {
  readonly proxy: ListenAddress;
  readonly tls: TlsSettings | undefined;
  /** undefined: off. */
  readonly admin: ListenAddress | undefined;
  readonly adminToken: string | undefined;
  readonly workers: number;
  readonly maxConnections: number;
  readonly drainMs: number;
  readonly allowUnresolved: boolean;
  readonly logLevel: LogLevel;
}

export interface TlsSettings {
  readonly address: ListenAddress;
  /** Paths as they were given. */
  readonly certFile: string;
  readonly keyFile: string;
}

const MAX_WORKERS = 256;
const MAX_DRAIN_SECONDS = 86_400;

/** Throws UsageError. */
export function readServeSettings(options: OptionValues): ServeSettings {
  const admin = textOf(options, "adminListen") ?? "";
  return {
    proxy: parseListenAddress("--proxy-listen", textOf(options, "proxyListen") ?? ""),
    tls: readTls(options),
    admin: admin === "off" ? undefined : parseListenAddress("--admin-listen", admin),
    adminToken: textOf(options, "adminToken"),
    workers: readNumber(options, "workers", "--workers", { least: 1, most: MAX_WORKERS }),
    maxConnections: readNumber(options, "maxConnections", "--max-connections", { least: 1, most: 1_000_000 }),
    drainMs: readNumber(options, "drainTimeout", "--drain-timeout", { least: 0, most: MAX_DRAIN_SECONDS }) * 1_000,
    allowUnresolved: isSet(options, "allowUnresolved"),
    logLevel: textOf(options, "logLevel") as LogLevel,
  };
}

function readTls(options: OptionValues): TlsSettings | undefined {
  const address = textOf(options, "proxyListenTls");
  const certFile = textOf(options, "tlsCert");
  const keyFile = textOf(options, "tlsKey");
  if (address === undefined) {
    if (certFile === undefined && keyFile === undefined) return undefined;
    throw new UsageError("--tls-cert and --tls-key are for --proxy-listen-tls HOST:PORT, which is not given.");
  }
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError("--proxy-listen-tls needs --tls-cert FILE and --tls-key FILE.");
  return { address: parseListenAddress("--proxy-listen-tls", address), certFile, keyFile };
}

function readNumber(
  options: OptionValues,
  name: string,
  flag: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const text = textOf(options, name) ?? "";
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`${flag} ${text}: write a whole number from ${least} to ${most}.`);
  return value;
}
