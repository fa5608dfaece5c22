import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Ticks a second of /proc: 100 on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000;

/** Core 0 carries upstream and load, core 1 what is measured. Without taskset or a second core all float. */
export const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;
/** CPU time and memory of a process are read from /proc. */
export const canMeasure = process.platform === "linux";

const started = new Set();

/**
 * Starts a program on a core; ended by `stop` or `stopAll`. Its output is a pipe, with errors shown here, or goes to a file altogether.
 * @param {{ core: 0 | 1, file?: number, input?: "pipe", environment?: Record<string, string> }} options `file`: a descriptor
 */
export function start(program, args, { core, file, input, environment = {} }) {
  const [command, ...rest] = canPin ? ["taskset", "-c", String(core), program, ...args] : [program, ...args];
  const stdio = [input ?? "ignore", file ?? "pipe", file ?? "inherit"];
  const child = spawn(command, rest, { stdio, env: { ...process.env, ...environment } });
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

/** What a program prints first; rejects when it ends before that. */
export async function firstOutput(child) {
  const output = once(child.stdout, "data").then(([data]) => String(data));
  const end = once(child, "exit").then(([code]) => {
    throw new Error(`${child.spawnargs.join(" ")} ended with ${code} before it was ready.`);
  });
  return await Promise.race([output, end]);
}

export function isRunning(child) {
  return child.exitCode === null && child.signalCode === null;
}

export async function stop(child) {
  if (!isRunning(child)) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 3000);
  await exit;
  clearTimeout(force);
}

export async function stopAll() {
  await Promise.all([...started].map(stop));
}

/** CPU time of all threads so far, in microseconds. */
export function cpuOf(pid) {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

/** Resident memory, in kilobytes. */
export function memoryOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]);
}

/** CPU time of the whole machine, and of this process with the children that it started, in microseconds. */
export function machineCpu() {
  const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "latin1")
    .split("\n")[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const own = statOf(process.pid).slice(11, 15).map(Number);
  const ownTicks = own.reduce((sum, ticks) => sum + ticks, 0);
  const children = [...started].reduce((sum, child) => sum + cpuOf(child.pid), 0);
  return {
    all: (user + nice + system + irq + softirq) * MICROSECONDS_PER_TICK,
    ours: ownTicks * MICROSECONDS_PER_TICK + children,
  };
}

/** Fields of /proc/PID/stat from the third on: the second may hold spaces. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
