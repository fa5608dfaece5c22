import { type AdminServer, type AdminSource, createAdminServer } from "../../admin/server.ts";
import { systemClock } from "../../core/clock.ts";
import { UsageError } from "../../core/errors.ts";
import { checkListen } from "../../gateway/check-listen.ts";
import { createLog } from "../../observability/log.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments, inputOptions } from "../config-input.ts";
import { parseConnectTo } from "../connect-to.ts";
import { formatListenAddress } from "../listen-address.ts";
import { listOf } from "../option-values.ts";
import { keepRequestsYoung } from "../serve/heap.ts";
import { type ProcessHost, runGateway } from "../serve/run.ts";
import { readServeSettings, type ServeSettings, serveOptions } from "../serve/settings.ts";
import { leaveWorkers, workerHost, workerNumber } from "../serve/worker.ts";
import { Workers } from "../serve/workers.ts";
import { workersAdmin } from "../serve/workers-admin.ts";
import { connectToOption, openServingSource } from "../serving-source.ts";
import { createWiring } from "../wire.ts";

const STDOUT = 1;

export const serve: Command = {
  name: "serve",
  summary: "run the gateway from the store, or straight from files",
  arguments: inputArguments,
  options: [...inputOptions, connectToOption, ...serveOptions],
  async run(args, options, terminal) {
    const settings = readServeSettings(options);
    const worker = workerNumber(terminal.environment);
    if (worker === undefined) await checkListeners(settings);
    if (worker === undefined && settings.workers > 1) return await runWorkers(settings, args, terminal);
    // What each worker would say, one says.
    const own = worker === undefined || worker === 1 ? terminal : { ...terminal, err: () => {} };
    try {
      await runOne(settings, args, options, own, worker === undefined ? aloneHost(settings, own) : workerHost);
    } finally {
      leaveWorkers();
    }
    return 0;
  },
};

/** Before a configuration is loaded and warmed up, which takes seconds. */
async function checkListeners({ proxy, tls }: ServeSettings): Promise<void> {
  for (const { host, port } of tls === undefined ? [proxy] : [proxy, tls.address]) await checkListen(host, port);
}

async function runOne(
  settings: ServeSettings,
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
  host: ProcessHost,
): Promise<void> {
  keepRequestsYoung();
  const connectTo = parseConnectTo(listOf(options, "connectTo"));
  const source = await openServingSource(args, options, terminal);
  terminal.err(`Serving ${source.description}.\n`);
  const log = createLog({
    destination: STDOUT,
    level: settings.logLevel,
    clock: systemClock,
    isShared: settings.workers > 1,
  });
  const wiring = createWiring({ environment: terminal.environment, connectTo });
  try {
    await runGateway(settings, { source, wiring, terminal, host });
  } finally {
    await Promise.all([wiring.close(), source.close()]);
    log.close();
  }
}

function aloneHost(settings: ServeSettings, terminal: Terminal): ProcessHost {
  return {
    open: async (source) => {
      const admin = await openAdmin(source, settings, terminal);
      return async () => await admin?.close();
    },
    ready: (listeners) => terminal.err(listeners.map((line) => `${line}\n`).join("")),
  };
}

async function runWorkers(settings: ServeSettings, args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.includes("-"))
    throw new UsageError("--workers cannot be used with standard input, which only one can read.");
  const workers = new Workers({
    count: settings.workers,
    clock: systemClock,
    signal: terminal.signal,
    onReady: (listeners) => terminal.err(listeners.map((line) => `${line}\n`).join("")),
    onLoss: (message) => terminal.err(`Warning: ${message}\n`),
  });
  const admin = await openAdmin(workersAdmin(workers, terminal.signal), settings, terminal);
  try {
    return await workers.ended();
  } finally {
    await admin?.close();
  }
}

async function openAdmin(
  source: AdminSource,
  { admin: address, adminToken: token }: ServeSettings,
  terminal: Terminal,
): Promise<AdminServer | undefined> {
  if (address === undefined) return undefined;
  const admin = createAdminServer(source, { token });
  const listening = await admin.listen(address.host, address.port);
  terminal.err(`Admin listener: http://${formatListenAddress(listening)}\n`);
  return admin;
}
