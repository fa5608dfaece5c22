import { text } from "node:stream/consumers";
import { bundleProgram } from "../bundle.js";
import { start } from "../processes.js";

/** The most that a key from a vault may cost a request, in nanoseconds. */
const GOAL_NS = 2_000;

/** A key from a vault that has been read: what each request pays for it. */
export const credential = {
  name: "credential",
  needsGateway: false,
  isPossible: true,
  async run() {
    const child = start(process.execPath, [await bundleProgram("credential")], { core: 1 });
    const printed = await text(child.stdout);
    if (printed === "") throw new Error("The measuring program failed.");
    const { peek, prepared, authorized } = JSON.parse(printed);
    return [
      row("peek of 1,000 references, cached", peek),
      row("the same, ready for its header", prepared),
      row("the same, put on a request", authorized),
    ];
  },
};

function row(measure, nanoseconds) {
  return {
    measure: `${measure}; ratio to 2 µs`,
    unit: "ns",
    gateway: nanoseconds,
    ratio: nanoseconds / GOAL_NS,
    goal: 1,
  };
}
