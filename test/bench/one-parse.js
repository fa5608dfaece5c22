// How long js-yaml takes to read a file, without starting Node and loading it: `node one-parse.js FILE` prints milliseconds.
import { readFileSync } from "node:fs";
import { load } from "js-yaml";

const text = readFileSync(process.argv[2], "utf8");
const startedAt = performance.now();
load(text);
console.log(performance.now() - startedAt);
