import { Chalk, type ChalkInstance } from "chalk";

const coloured = new Chalk({ level: 1 });
const plain = new Chalk({ level: 0 });

/** The sixteen basic colours, or none. Never chalk's own guess: the terminal has decided. */
export function styleFor(colour: boolean): ChalkInstance {
  return colour ? coloured : plain;
}
