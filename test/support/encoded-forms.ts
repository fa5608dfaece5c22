/** How a secret may stand in text without being seen at once: as it is, in JSON, URLs, hex, and base64 at any offset. */
export function encodedForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
    bytes.toString("hex"),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
  ];
}

/** What base64 makes of the bytes after `offset` others, without the characters that depend on what stands around. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const whole = padded.subarray(offset === 0 ? 0 : 3, padded.length - (padded.length % 3));
  return [whole.toString("base64"), whole.toString("base64url")];
}
