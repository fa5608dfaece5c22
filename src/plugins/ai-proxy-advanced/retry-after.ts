/**
 * Milliseconds that a provider asks to wait (RFC 9110, 10.2.3: seconds or a date); 0 when it does not ask. `headers` are alternating
 * names and values, `now` milliseconds since the epoch.
 */
export function retryAfterMs(headers: readonly string[], now: number): number {
  const value = find(headers, "retry-after")?.trim();
  if (value === undefined) return 0;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

function find(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
