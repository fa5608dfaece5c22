import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { UpstreamTls } from "../core/http-message.ts";

interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly checkServerIdentity?: typeof checkServerIdentity;
}

/** For Node's TLS. Rejects when the client's certificate cannot be had. */
export async function toTlsOptions({ verify, ca, identity, maxDepth }: UpstreamTls): Promise<TlsOptions> {
  const own = await identity?.();
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(own === undefined ? {} : { cert: own.cert, key: own.key.reveal() }),
    ...(maxDepth === undefined ? {} : { checkServerIdentity: withDepth(maxDepth) }),
  };
}

function withDepth(maxDepth: number): typeof checkServerIdentity {
  return (host, certificate) => checkServerIdentity(host, certificate) ?? findDepthError(certificate, maxDepth);
}

/** As OpenSSL counts: the certificates between the server's own and the authority. */
function findDepthError(certificate: PeerCertificate, maxDepth: number): Error | undefined {
  const depth = countIssuers(certificate) - 1;
  if (depth <= maxDepth) return undefined;
  const message = `The server's certificate is ${depth} certificates away from its authority, more than tls_verify_depth allows.`;
  return Object.assign(new Error(message), { code: "ERR_TLS_CERT_DEPTH" });
}

/** An authority is its own issuer. */
function countIssuers(certificate: PeerCertificate): number {
  let count = 0;
  let current = certificate;
  while ("issuerCertificate" in current) {
    const issuer = current.issuerCertificate as PeerCertificate | undefined;
    if (issuer === undefined || issuer.fingerprint256 === current.fingerprint256) break;
    count += 1;
    current = issuer;
  }
  return count;
}
