import { once } from "node:events";
import type { AdminSource } from "../../admin/server.ts";
import { unresolvedProblems } from "../../admin/secret-status.ts";
import { systemClock } from "../../core/clock.ts";
import { ConfigError } from "../../core/errors.ts";
import { startReload } from "../../gateway/reload.ts";
import { createGatewayServer, type GatewayServer } from "../../gateway/server.ts";
import { createMetrics, type Metrics, type MetricsSource, type MetricValues } from "../../observability/metrics.ts";
import type { SecretStatus } from "../../secrets/lookup.ts";
import type { Terminal } from "../command.ts";
import { formatListenAddress } from "../listen-address.ts";
import type { ServingSource } from "../serving-source.ts";
import { product, version } from "../version.ts";
import { failureLines } from "../views/failure.ts";
import type { Wiring } from "../wire.ts";
import { openAiRoutes } from "./open-routes.ts";
import type { ServeSettings } from "./settings.ts";
import { readTlsFiles, watchTlsFiles } from "./tls-files.ts";

/** So long the first configuration may take to warm up before the listener opens; it goes on warming then. In milliseconds. */
const WARM_MS = 5_000;

/** What the admin listener asks of a process that serves. */
export interface ProcessAdmin extends AdminSource {
  metricValues(): Promise<MetricValues>;
}

/** Who runs the process: the command itself, or the one that has started several. */
export interface ProcessHost {
  /** Before the gateway is ready, so that what waits for /status/ready gets an answer. The returned function ends it. */
  open(admin: ProcessAdmin): Promise<() => Promise<void>>;
  /** Each listener is a line. */
  ready(listeners: readonly string[]): void;
}

interface RunParts {
  readonly source: ServingSource;
  readonly wiring: Wiring;
  readonly terminal: Terminal;
  readonly host: ProcessHost;
}

/** Serves until the terminal's signal, and then until requests have ended or `drainMs` are over. */
export async function runGateway(settings: ServeSettings, { source, wiring, terminal, host }: RunParts): Promise<void> {
  const load = async () => await wiring.build(await source.load());
  const tls = settings.tls && readTlsFiles(settings.tls, terminal.cwd);
  const server = createGatewayServer({
    runtime: await load(),
    product,
    maxConnections: settings.maxConnections,
  });
  const problems = (): readonly string[] =>
    terminal.signal.aborted ? ["the gateway is stopping"] : problemsOf(server, settings.allowUnresolved);
  const metrics = createMetrics(() => metricsSource(server, problems()));
  const admin = processAdmin(server, problems, metrics);
  const closeAdmin = await host.open(admin);
  try {
    await server.runtime.warm(AbortSignal.any([terminal.signal, AbortSignal.timeout(WARM_MS)]));
    for (const problem of problemsOf(server, false)) terminal.err(`Warning: ${problem}\n`);
    warnOfOpenRoutes(server, settings, terminal);
    const reload = startReload({
      watch: (onChange) => source.watch(onChange),
      load: async () => await inOneMessage(load()),
      server,
      clock: systemClock,
    });
    const lines = [`Proxy listener: http://${formatListenAddress(await server.listen(settings.proxy))}`];
    let unwatchTls = (): void => {};
    if (settings.tls !== undefined && tls !== undefined) {
      const address = await server.listen({ ...settings.tls.address, tls });
      lines.push(`TLS listener: https://${formatListenAddress(address)}`);
      unwatchTls = watchTlsFiles(settings.tls, terminal.cwd, (files) => server.renewTls(files));
    }
    host.ready(lines);
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    terminal.err("Stopping: no new requests, finishing those that are under way.\n");
    unwatchTls();
    await reload.stop();
  } finally {
    await server.close(settings.drainMs);
    await closeAdmin();
    metrics.close();
  }
}

function processAdmin(server: GatewayServer, problems: () => readonly string[], metrics: Metrics): ProcessAdmin {
  const startedAt = performance.now();
  return {
    facts: () => ({
      version,
      serial: server.runtime.serial,
      routes: server.runtime.plans.length,
      uptimeMs: performance.now() - startedAt,
      requests: server.requests,
      inFlight: server.inFlight,
      workers: 1,
      secrets: server.runtime.secrets(),
    }),
    problems,
    entities: () => server.runtime.show(),
    metrics: async () => await metrics.text(),
    metricValues: async () => await metrics.values(),
  };
}

function metricsSource({ runtime, inFlight }: GatewayServer, problems: readonly string[]): MetricsSource {
  return {
    inFlight,
    serial: runtime.serial,
    routes: runtime.plans.length,
    problems: problems.length,
    secrets: servedSecrets(runtime.secrets()),
    upstreamTargets: runtime.upstreamTargets(),
    aiTargets: runtime.aiTargets(),
  };
}

function servedSecrets(statuses: readonly SecretStatus[]): MetricsSource["secrets"] {
  const served = statuses.flatMap(({ reference, ageMs, staleMs }) =>
    ageMs === undefined || staleMs === undefined
      ? []
      : [[reference, { age: ageMs / 1_000, stale: staleMs / 1_000 }] as const],
  );
  return new Map(served);
}

/** Until each secret has been read once the gateway is not ready, unless it may serve without. */
function problemsOf({ runtime }: GatewayServer, allowUnresolved: boolean): readonly string[] {
  return [...(allowUnresolved ? [] : unresolvedProblems(runtime.secrets())), ...new Set(runtime.problems())];
}

function warnOfOpenRoutes({ runtime }: GatewayServer, { proxy, tls }: ServeSettings, terminal: Terminal): void {
  const listeners = tls === undefined ? [proxy] : [proxy, tls.address];
  for (const route of openAiRoutes(runtime.plans, listeners))
    terminal.err(
      `Warning: everybody who can connect may use the AI route "${route}" at the cost of its provider keys: no plugin asks who calls. Add key-auth, or listen on 127.0.0.1.\n`,
    );
}

/** The log has one line for a configuration that is refused: all that is wrong with it is to be there. */
async function inOneMessage<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (thrown) {
    throw new ConfigError(failureLines(thrown).join("; "), []);
  }
}
