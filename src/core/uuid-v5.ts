import { hash } from "node:crypto";

/** A name-based UUID (RFC 9562, 5.5), in lower case. */
export function uuidV5(namespace: string, name: string): string {
  const bytes = Buffer.allocUnsafe(16 + Buffer.byteLength(name));
  bytes.write(namespace.replaceAll("-", ""), "hex");
  bytes.write(name, 16);
  const digest = hash("sha1", bytes);
  const version = `5${digest.slice(13, 16)}`;
  const variant = ((Number.parseInt(digest.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  const parts = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    version,
    variant + digest.slice(18, 20),
    digest.slice(20, 32),
  ];
  return parts.join("-");
}
