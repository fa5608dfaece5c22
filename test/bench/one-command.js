// Runs one gw command, then prints its peak memory as JSON on a descriptor of its own: `node one-command.js COMMAND…`.
import { writeSync } from "node:fs";
import { main } from "../../dist/main.js";

process.exitCode = await main(process.argv.slice(2));
process.once("exit", () => writeSync(3, JSON.stringify({ megabytes: process.resourceUsage().maxRSS / 1024 })));
