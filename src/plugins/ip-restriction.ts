import { BlockList, isIP } from "node:net";
import type { ConfigFinding, IpRestrictionConfig } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { definePlugin, type Plugin } from "./plugin.ts";

/** Kong's ip-restriction: addresses of `deny` are refused, then those that `allow` does not name. */
export const ipRestriction = definePlugin<IpRestrictionConfig>({
  name: "ip-restriction",
  priority: 990,
  check: ({ allow = [], deny = [] }) => [
    ...(allow.length + deny.length === 0 ? [nothingRestricted] : []),
    ...allow.flatMap((range, index) => checkRange(range, `allow[${index}]`)),
    ...deny.flatMap((range, index) => checkRange(range, `deny[${index}]`)),
  ],
  create: async (config) => createIpRestriction(config),
});

const nothingRestricted: ConfigFinding = {
  severity: "error",
  code: "bad-value",
  message: "needs allow or deny: without them it restricts nothing.",
  at: "",
};

function checkRange(range: string, at: string): readonly ConfigFinding[] {
  if (parseRange(range) !== undefined) return [];
  const message = `${at} must be an address or a range: 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.`;
  return [{ severity: "error", code: "bad-value", message, at }];
}

function createIpRestriction({ allow = [], deny = [], status, message }: IpRestrictionConfig): Plugin {
  const allowed = allow.length === 0 ? undefined : toList(allow);
  const denied = deny.length === 0 ? undefined : toList(deny);
  return {
    handle: async ({ clientAddress }, next) => {
      const mayEnter = !contains(denied, clientAddress) && (allowed === undefined || contains(allowed, clientAddress));
      if (mayEnter) return await next();
      throw new RequestError("GW_ACCESS_DENIED", message ?? `IP address not allowed: ${clientAddress}`, { status });
    },
  };
}

interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function parseRange(text: string): Range | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const most = version === 4 ? 32 : 128;
  const length = Number(bits ?? most);
  return length > most ? undefined : { address, bits: length, family: version === 4 ? "ipv4" : "ipv6" };
}

function toList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const parsed = parseRange(range);
    if (parsed !== undefined) list.addSubnet(parsed.address, parsed.bits, parsed.family);
  }
  return list;
}

/** A listener on `::` shows clients of IPv4 as `::ffff:192.0.2.7`. */
function contains(list: BlockList | undefined, address: string): boolean {
  if (list === undefined) return false;
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  return list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}
