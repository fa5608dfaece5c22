import { applyPlan } from "../../src/state/apply.ts";
import { planSync } from "../../src/state/plan.ts";
import { openStore } from "../../src/state/open.ts";
import { StateError } from "../../src/core/errors.ts";
import { gatewayConfig } from "../support/gateway-config.ts";

const ENTITIES = 200;

/** A program: syncs `count` new states to a store, one after the other, and prints the serial of each. A conflict is planned again. */
const [location = "", writer = "", count = "0"] = process.argv.slice(2);
const store = await openStore(location, process.cwd());
for (let written = 0; written < Number(count); ) {
  const current = await store.read();
  const plan = planSync(current, { config: stateOf(`${writer}-${written}`), origins: {}, unavailablePlugins: [] });
  try {
    const serial = await applyPlan(store, current, plan, { at: new Date().toISOString(), who: writer, files: [] });
    written++;
    process.stdout.write(`${serial}\n`);
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== "GW_STATE_CONFLICT") throw error;
  }
}
await store.close();

/** Every entity carries the same mark: a mixture of two states shows. */
function stateOf(mark: string) {
  const services = Array.from({ length: ENTITIES }, (_, index) => ({
    id: `s${index}`,
    name: `service-${index}`,
    host: mark,
  }));
  return gatewayConfig({ services });
}
