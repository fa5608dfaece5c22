import type { JsonObject } from "../core/json.ts";
import { authorize } from "./authorize.ts";
import type { ProviderDriver } from "./provider.ts";

/** A provider whose servers speak one of several formats, which its options name. */
export function byFormat(name: string, choose: (options: JsonObject) => ProviderDriver): ProviderDriver {
  return {
    name,
    endpoint: (options, model, operation) => choose(options).endpoint(options, model, operation),
    buildChat: (call, target) => choose(target.options).buildChat(call, target),
    translator: (options) => choose(options).translator?.(options),
    authorize,
  };
}
