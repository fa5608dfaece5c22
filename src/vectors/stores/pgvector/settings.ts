import type { JsonObject } from "../../../core/json.ts";

/** Kong's `pgvector` block. `ssl: true` always means TLS: a server without it is refused, whatever `ssl_required` says. */
export interface PgvectorSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** May be a reference. */
  readonly user: string;
  /** May be a reference; undefined for logins without a password. */
  readonly password: string | undefined;
  /** To connect, and for each statement. */
  readonly timeoutMs: number;
  readonly tls: TlsSettings | undefined;
}

export interface TlsSettings {
  readonly isVerified: boolean;
  readonly minVersion: "TLSv1.2" | "TLSv1.3" | undefined;
  /** Files with the client's certificate and key, in PEM. */
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** Reads `block`, filling in Kong's defaults. */
export function readPgvectorSettings(block: JsonObject): PgvectorSettings {
  return {
    host: text(block, "host") ?? "127.0.0.1",
    port: number(block, "port") ?? 5432,
    database: text(block, "database") ?? "kong-pgvector",
    user: text(block, "user") ?? "postgres",
    password: text(block, "password"),
    // 0 would wait for ever: it stands for Kong's default.
    timeoutMs: number(block, "timeout") || 5000,
    tls: block["ssl"] === true ? readTls(block) : undefined,
  };
}

function readTls(block: JsonObject): TlsSettings {
  return {
    isVerified: block["ssl_verify"] !== false,
    minVersion: minVersions[text(block, "ssl_version") ?? "tlsv1_2"],
    certificateFile: text(block, "ssl_cert"),
    keyFile: text(block, "ssl_cert_key"),
  };
}

const minVersions: Readonly<Record<string, "TLSv1.2" | "TLSv1.3">> = { tlsv1_2: "TLSv1.2", tlsv1_3: "TLSv1.3" };

function text(block: JsonObject, name: string): string | undefined {
  const value = block[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(block: JsonObject, name: string): number | undefined {
  const value = block[name];
  return typeof value === "number" ? value : undefined;
}
