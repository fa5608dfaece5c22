import { BugError } from "../core/errors.ts";
import type { Exchange, Plugin } from "../plugins/plugin.ts";

/** A plugin in its place on a route. */
export interface ChainLink {
  readonly name: string;
  readonly scope: PluginScope;
  readonly plugin: Plugin;
  /** What runs in its place for single consumers, by their ids. */
  readonly byConsumer?: ReadonlyMap<string, Plugin>;
}

export type PluginScope = "global" | "service" | "route" | "route and service" | "consumer";

/** In the place of a plugin that only some consumers have. */
export const passOn: Plugin = { handle: async (_exchange, next) => await next() };

/** Runs the plugins like an onion, the first outermost; `last` answers when all have called `next`. */
export function runChain(links: readonly ChainLink[], exchange: Exchange, last: () => Promise<void>): Promise<void> {
  return runFrom(links, 0, exchange, last);
}

async function runFrom(
  links: readonly ChainLink[],
  index: number,
  exchange: Exchange,
  last: () => Promise<void>,
): Promise<void> {
  const link = links[index];
  if (link === undefined) return await last();
  let isCalled = false;
  await pluginFor(link, exchange).handle(exchange, async () => {
    if (isCalled) throw new BugError(`The plugin "${link.name}" called next() twice.`);
    isCalled = true;
    await runFrom(links, index + 1, exchange, last);
  });
}

/** Known only now: authentication plugins run earlier in the chain. */
function pluginFor({ plugin, byConsumer }: ChainLink, { identity }: Exchange): Plugin {
  if (byConsumer === undefined || identity === undefined) return plugin;
  return byConsumer.get(identity.caller.id) ?? plugin;
}
