import type { RequestSizeLimitingConfig } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { definePlugin, type Exchange } from "./plugin.ts";

const BYTES = { megabytes: 2 ** 20, kilobytes: 2 ** 10, bytes: 1 } as const;

/** Kong's request-size-limiting. A body that does not say how long it is, is cut off where it grows too large. */
export const requestSizeLimiting = definePlugin<RequestSizeLimitingConfig>({
  name: "request-size-limiting",
  priority: 951,
  create: async ({ allowed_payload_size: size, size_unit: unit, require_content_length: needsLength }) => {
    const maxBytes = size * BYTES[unit];
    return {
      handle: async (exchange, next) => {
        refuseByHead(exchange, maxBytes, needsLength);
        exchange.limitBody(maxBytes);
        await next();
      },
    };
  },
});

function refuseByHead({ request }: Exchange, maxBytes: number, needsLength: boolean): void {
  const length = request.header("content-length");
  if (length !== undefined && Number(length) > maxBytes)
    throw new RequestError("GW_REQUEST_TOO_LARGE", "Request size limit exceeded", { details: { maxBytes } });
  if (needsLength && length === undefined)
    throw new RequestError("GW_REQUEST_LENGTH_REQUIRED", "A valid Content-Length header is required");
}
