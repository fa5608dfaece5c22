import { collect } from "./collect.ts";
import { createPools, type PoolSettings } from "./pools.ts";
import { reach } from "./reach.ts";
import { send } from "./send.ts";
import { SilenceWatch } from "./silence-watch.ts";
import type { Upstream } from "./upstream.ts";

/** The one client of every upstream: connections are kept and shared by all that ask it. */
export function createUpstream(settings: PoolSettings = {}): Upstream {
  const pools = createPools(settings);
  const sender = { pools, watch: new SilenceWatch() };
  const sendThrough: Upstream["send"] = (request, timeouts, handler) => send(sender, request, timeouts, handler);
  return {
    send: sendThrough,
    collect: (request, options) => collect(sendThrough, request, options),
    reach: (origin, { signal, tls }) => reach(origin, { ...settings, tls: () => tls }, signal),
    close: () => pools.close(),
  };
}
