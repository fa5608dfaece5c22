import { BlockList, isIP } from "node:net";
import type { RoutePlan } from "../../gateway/runtime.ts";
import type { ListenAddress } from "../listen-address.ts";

/**
 * Names of the routes that let everybody who can connect spend the provider's keys: those with an AI plugin that no authentication
 * plugin stands before. Empty when only this machine can connect.
 */
export function openAiRoutes(plans: readonly RoutePlan[], listeners: readonly ListenAddress[]): readonly string[] {
  if (listeners.every(({ host }) => isLoopback(host))) return [];
  return plans.filter(isOpenAiRoute).map(({ route }) => route.name ?? route.id);
}

/** AI plugins are those that can explain a choice. */
function isOpenAiRoute({ links }: RoutePlan): boolean {
  const ai = links.findIndex(({ plugin }) => plugin.explain !== undefined);
  return ai >= 0 && !links.slice(0, ai).some(({ plugin }) => plugin.isGuard === true);
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0 ? host.toLowerCase() === "localhost" : loopback.check(host, version === 6 ? "ipv6" : "ipv4");
}
