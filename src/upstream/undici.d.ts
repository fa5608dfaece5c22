/**
 * undici's index loads fetch, WebSocket and mocks (155 ms unbundled, the pool alone 40 ms); these two files are all that gw uses.
 */
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export default buildConnector;
}
