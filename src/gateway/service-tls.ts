import { createHash } from "node:crypto";
import type { Certificate, GatewayConfig, Service } from "../config/types.ts";
import { ConfigError } from "../core/errors.ts";
import type { UpstreamTls } from "../core/http-message.ts";
import { Secret } from "../core/secret.ts";
import { isReference } from "../secrets/reference.ts";

/** The value of a vault reference. */
export type ResolveSecret = (reference: string) => Promise<Secret>;

type TlsEntities = Pick<GatewayConfig, "certificates" | "ca_certificates">;

/**
 * How the upstream of a service is met over TLS; undefined for the usual way, which checks its certificate by the authorities of the system.
 * `groupCertificate` is the id that the upstream entity names. Throws ConfigError for a certificate that is not there.
 */
export function toServiceTls(
  service: Service,
  groupCertificate: string | undefined,
  entities: TlsEntities,
  resolve: ResolveSecret,
): UpstreamTls | undefined {
  const { tls_verify: verify = true, tls_verify_depth: maxDepth } = service;
  const certificateId = service.client_certificate?.id ?? groupCertificate;
  const authorityIds = service.ca_certificates ?? [];
  if (verify && certificateId === undefined && authorityIds.length === 0 && maxDepth === undefined) return undefined;

  const certificate =
    certificateId === undefined ? undefined : find("certificate", entities.certificates, certificateId, service);
  const ca = authorityIds.map((id) => find("ca_certificate", entities.ca_certificates, id, service).cert);
  return {
    id: digest([verify, maxDepth, ca, certificate?.cert, certificate?.key]),
    verify,
    maxDepth,
    ca: ca.length === 0 ? undefined : ca,
    identity: certificate && (() => readIdentity(certificate, resolve)),
  };
}

function find<T extends { readonly id: string }>(kind: string, all: readonly T[], id: string, service: Service): T {
  const found = all.find((entity) => entity.id === id);
  if (found !== undefined) return found;
  throw new ConfigError(`Service "${service.name ?? service.id}" names the ${kind} "${id}", which is not defined.`, []);
}

async function readIdentity(
  { cert, key }: Certificate,
  resolve: ResolveSecret,
): Promise<{ readonly cert: string; readonly key: Secret }> {
  const read = async (text: string): Promise<Secret> => (isReference(text) ? await resolve(text) : new Secret(text));
  const [own, ownKey] = await Promise.all([read(cert), read(key)]);
  return { cert: own.reveal(), key: ownKey };
}

/** The key is part of it: it must not be read from it. */
function digest(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
