import type { Service } from "../../config/types.ts";
import type { UpstreamError } from "../../core/errors.ts";
import type { UpstreamRequest } from "../../core/http-message.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { HttpExchange } from "../exchange.ts";
import { isRepeatableMethod, relay, toUpstreamRequest } from "../proxy.ts";
import { BodyStream } from "../request-body.ts";
import type { RuntimeMatch } from "../runtime.ts";
import { signOf } from "./active-checks.ts";
import { originOf } from "../../core/target-address.ts";
import type { GroupTarget, TargetGroup } from "./target-group.ts";
import type { Sign } from "./target-health.ts";

/**
 * Sends the exchange to the targets of its service's upstream, one after the other until one answers: as often as the service's `retries`
 * say, from the first again when there are fewer. Throws what `proxyToService` throws, and RequestError GW_TARGETS_DOWN.
 */
export async function proxyToTargets(
  exchange: HttpExchange,
  match: RuntimeMatch,
  { service, group }: { readonly service: Service; readonly group: TargetGroup },
  client: Upstream,
): Promise<void> {
  const targets = group.choose(exchange, match.captures);
  let request = await toUpstreamRequest(exchange, match, service);
  if (group.upstream.host_header !== undefined && !match.plan.route.preserve_host)
    request = { ...request, headers: [...request.headers, "Host", group.upstream.host_header] };

  for (let attempt = 0; ; attempt += 1) {
    const target = targets[attempt % targets.length];
    if (target === undefined) return;
    const error = await tryTarget(
      exchange,
      { ...request, origin: originOf(service.protocol, target.address) },
      service,
      {
        group,
        target,
        client,
      },
    );
    if (error === undefined) return;
    const { body } = request;
    if (body instanceof BodyStream && body.refusal !== undefined) throw body.refusal;
    const next = attempt < service.retries && exchange.status === 0 ? again(request, error) : undefined;
    if (next === undefined) throw error;
    request = next;
  }
}

async function tryTarget(
  exchange: HttpExchange,
  request: UpstreamRequest,
  service: Service,
  { group, target, client }: { readonly group: TargetGroup; readonly target: GroupTarget; readonly client: Upstream },
): Promise<UpstreamError | undefined> {
  const startedAt = performance.now();
  group.begin(target);
  const error = await relay(exchange, request, service, client);
  group.end(target, signFrom(exchange, error), performance.now() - startedAt);
  return error;
}

/** Nothing is known of a target whose client went away before it could answer. */
function signFrom({ status }: HttpExchange, error: UpstreamError | undefined): Sign | undefined {
  if (error !== undefined) return signOf(error);
  return status === 0 ? undefined : status;
}

/**
 * The request once more, if that is safe: what has not been sent may be, whatever it is; what has been sent, only if it can be repeated
 * (RFC 9110, 9.2.2). undefined when it is not.
 */
function again(request: UpstreamRequest, error: UpstreamError): UpstreamRequest | undefined {
  const wasSent = error.details["sent"] !== false;
  if (error.code === "GW_UPSTREAM_ABORTED" || error.code === "GW_BUG") return undefined;
  if (wasSent && !isRepeatableMethod(request.method)) return undefined;
  const { body } = request;
  if (!(body instanceof BodyStream)) return request;
  const renewed = body.renew();
  return renewed === undefined ? undefined : { ...request, body: renewed };
}
