import { randomUUID } from "node:crypto";
import type { CorrelationIdConfig } from "../config/types.ts";
import { definePlugin } from "./plugin.ts";

/** Kong's correlation-id: keeps the client's id, or gives the request one. */
export const correlationId = definePlugin<CorrelationIdConfig>({
  name: "correlation-id",
  priority: 100_001,
  create: async ({ header_name: header, generator, echo_downstream: echoes }) => {
    const nextId = generator === "uuid" ? randomUUID : counterIds();
    return {
      handle: async (exchange, next) => {
        const sent = exchange.request.header(header);
        const id = sent === undefined || sent === "" ? nextId() : sent;
        if (id !== sent) exchange.setForwarded(header, id);
        if (echoes) exchange.setHeader(header, id);
        await next();
      },
    };
  },
});

function counterIds(): () => string {
  const prefix = randomUUID();
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}#${count}`;
  };
}
