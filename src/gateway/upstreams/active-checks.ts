import { connect } from "node:net";
import type { Clock } from "../../core/clock.ts";
import type { UpstreamError } from "../../core/errors.ts";
import type { UpstreamRequest } from "../../core/http-message.ts";
import type { Upstream as UpstreamClient } from "../../upstream/upstream.ts";
import { originOf } from "../../core/target-address.ts";
import type { GroupTarget, TargetGroup } from "./target-group.ts";
import type { Sign } from "./target-health.ts";

interface CheckServices {
  readonly client: UpstreamClient;
  readonly clock: Clock;
}

/** Asks the targets of a group at its intervals until the returned function is called: the healthy ones and the others by their own. */
export function startActiveChecks(group: TargetGroup, services: CheckServices): () => void {
  const { healthy, unhealthy } = group.upstream.healthchecks.active;
  const stops = [
    every(healthy.interval, services.clock, () => checkAll(group, true, services.client)),
    every(unhealthy.interval, services.clock, () => checkAll(group, false, services.client)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Each round begins so many seconds after the one before has ended; 0: never. */
function every(seconds: number, clock: Clock, round: () => Promise<void>): () => void {
  if (seconds === 0) return () => {};
  let isStopped = false;
  let cancel = (): void => {};
  const plan = (): void => {
    if (!isStopped) cancel = clock.after(seconds * 1_000, () => void round().finally(plan));
  };
  plan();
  return () => {
    isStopped = true;
    cancel();
  };
}

async function checkAll(group: TargetGroup, areHealthy: boolean, client: UpstreamClient): Promise<void> {
  const left = group.targets.filter(({ health }) => health.isHealthy === areHealthy);
  const work = async (): Promise<void> => {
    for (let target = left.shift(); target !== undefined; target = left.shift())
      group.noteCheck(target, await check(group, target, client));
  };
  await Promise.all(Array.from({ length: group.upstream.healthchecks.active.concurrency }, work));
}

async function check(group: TargetGroup, target: GroupTarget, client: UpstreamClient): Promise<Sign | "connected"> {
  const { type, timeout } = group.upstream.healthchecks.active;
  // Kong reads 0 as no wait at all; nothing could ever be healthy.
  const ms = Math.max(1, timeout * 1_000);
  return type === "tcp" ? await tryToConnect(target, ms) : await ask(toRequest(group, target), ms, client);
}

function toRequest({ upstream }: TargetGroup, { address }: GroupTarget): UpstreamRequest {
  const { type, http_path: path, headers = {}, https_sni: serverName } = upstream.healthchecks.active;
  const isTls = type === "https";
  const host = (isTls ? serverName : undefined) ?? upstream.host_header;
  return {
    method: "GET",
    origin: originOf(isTls ? "https" : "http", address),
    path,
    headers: [
      ...Object.entries(headers).flatMap(([name, values]) => values.flatMap((value) => [name, value])),
      ...(host === undefined ? [] : ["Host", host]),
    ],
    body: null,
  };
}

/** The status; what else the target has to say is not read. */
function ask(request: UpstreamRequest, ms: number, client: UpstreamClient): Promise<Sign> {
  return new Promise((resolve) => {
    let stop = (): void => {};
    const timeouts = { connectMs: ms, writeMs: ms, headMs: ms, idleMs: ms };
    client.send(request, timeouts, {
      onStart: (flow) => {
        stop = () => flow.cancel();
      },
      onHead: (status) => resolve(status),
      onData: () => {
        stop();
        return true;
      },
      onEnd: () => {},
      onError: (error) => resolve(signOf(error)),
    });
  });
}

/** As Kong counts what is no answer. */
export function signOf({ code }: UpstreamError): "no-connection" | "timeout" {
  return code === "GW_UPSTREAM_TIMEOUT" ? "timeout" : "no-connection";
}

function tryToConnect({ address }: GroupTarget, ms: number): Promise<Sign | "connected"> {
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port, timeout: ms });
    const end = (sign: Sign | "connected") => (): void => {
      socket.destroy();
      resolve(sign);
    };
    socket.on("connect", end("connected")).on("timeout", end("timeout")).on("error", end("no-connection"));
  });
}
