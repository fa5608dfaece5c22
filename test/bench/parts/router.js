import { text } from "node:stream/consumers";
import { bundleProgram } from "../bundle.js";
import { start } from "../processes.js";
import { median } from "../statistics.js";

/** The most that finding one of 10,000 routes may take, in nanoseconds. */
const GOAL_NS = 5_000;

/** Finding the route of a request among more and more routes. */
export const router = {
  name: "router",
  needsGateway: false,
  isPossible: true,
  async run() {
    const child = start(process.execPath, [await bundleProgram("router")], { core: 1 });
    const printed = await text(child.stdout);
    if (printed === "") throw new Error("The measuring program failed.");
    const [few, ...more] = JSON.parse(printed);
    const most = more.at(-1);
    return [
      { measure: `match, ${few.count} routes`, unit: "ns", gateway: median(few.rounds) },
      ...more.map(({ count, rounds }) => ({
        measure: `match, ${count} routes; ratio to ${few.count}`,
        unit: "ns",
        gateway: median(rounds),
        ratio: median(rounds.map((each, round) => each / few.rounds[round])),
        goal: 3,
      })),
      {
        measure: `match, ${most.count} routes; ratio to 5 µs`,
        unit: "ns",
        gateway: median(most.rounds),
        ratio: median(most.rounds) / GOAL_NS,
        goal: 1,
      },
    ];
  },
};
