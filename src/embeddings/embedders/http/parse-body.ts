/** A body as JSON; undefined when it is not: an error page, say. */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
