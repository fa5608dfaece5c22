import { UsageError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { ChainLink } from "../gateway/chain.ts";
import { normalisePath } from "../core/normalise-path.ts";
import type { RoutePlan, Runtime, RuntimeMatch } from "../gateway/runtime.ts";
import type { Choice, Explanation } from "../plugins/explanation.ts";
import type { ExchangeRequest, Probe } from "../plugins/plugin.ts";
import type { TuningView } from "../plugins/tuning.ts";

/** The document of `gw test-route --json`. */
export interface RouteReport extends Explanation {
  readonly schema_version: 1;
  readonly prompt: string;
  readonly route: string;
  readonly service: string | null;
  readonly plugin: { readonly name: string; readonly scope: string };
}

/** What `gw test-route` asks. */
export interface Question {
  /** The conversation as a client would send it. */
  readonly messages: readonly JsonObject[];
  /** The client's `model`. */
  readonly model: string | undefined;
  /** Name or id of the route; undefined: found by path and headers, or the only AI route there is. */
  readonly route: string | undefined;
  readonly path: string | undefined;
  /** Alternating names and values. */
  readonly headers: readonly string[];
}

/** Which target a conversation goes to, and why. Throws UsageError when no AI route is meant, and what the plugin throws when no target can be chosen. */
export async function explain(runtime: Runtime, question: Question, signal: AbortSignal): Promise<RouteReport> {
  const { plan, link, probe } = ask(runtime, question, signal);
  if (link.plugin.explain === undefined) throw new UsageError(whyNot(plan));
  const explanation = await link.plugin.explain(probe);
  return {
    schema_version: 1,
    prompt: promptOf(question),
    route: nameOf(plan.route),
    service: plan.service === undefined ? null : nameOf(plan.service),
    plugin: { name: link.name, scope: link.scope },
    ...explanation,
  };
}

/** The choice alone, without keys. Throws as `explain` does. */
export async function choose(runtime: Runtime, question: Question, signal: AbortSignal): Promise<Choice> {
  const { plan, link, probe } = ask(runtime, question, signal);
  if (link.plugin.choose === undefined) throw new UsageError(whyNot(plan));
  return await link.plugin.choose(probe);
}

/** What `gw tune` varies on the route that is meant. Throws UsageError when there is nothing to tune. */
export function tuningOf(runtime: Runtime, destination: Omit<Question, "messages">): TuningView {
  const { plan, link } = locate(runtime, { ...destination, messages: [] });
  if (link.plugin.tuning !== undefined) return link.plugin.tuning;
  throw new UsageError(
    `Nothing to tune on the route "${nameOf(plan.route)}": its balancer compares no prompts. Set balancer.algorithm to semantic.`,
  );
}

interface Asked {
  readonly plan: RoutePlan;
  readonly link: ChainLink;
  readonly probe: Probe;
}

function locate(runtime: Runtime, question: Question): Pick<Asked, "plan" | "link"> {
  const plan = findPlan(runtime, question);
  const link = explainingLink(plan);
  if (plan.unavailable.length > 0 || link === undefined) throw new UsageError(whyNot(plan));
  return { plan, link };
}

function ask(runtime: Runtime, question: Question, signal: AbortSignal): Asked {
  const { plan, link } = locate(runtime, question);
  const { messages, model } = question;
  const body = Buffer.from(JSON.stringify({ messages, ...(model !== undefined && { model }) }));
  const match = question.path === undefined ? undefined : matchRequest(runtime, question);
  const captures = match?.plan === plan ? match.captures : undefined;
  return { plan, link, probe: { request: { ...toRequest(plan, question), captures }, body, signal } };
}

/** The routes on which a target is chosen. */
export function aiRoutes(runtime: Runtime): readonly RoutePlan[] {
  return runtime.plans.filter((plan) => explainingLink(plan) !== undefined);
}

function explainingLink(plan: RoutePlan): ChainLink | undefined {
  return plan.links.find((link) => link.plugin.explain !== undefined);
}

function findPlan(runtime: Runtime, question: Question): RoutePlan {
  if (question.route !== undefined) return planByName(runtime, question.route);
  if (question.path !== undefined || question.headers.length > 0) return planByRequest(runtime, question);
  const [only, ...others] = aiRoutes(runtime);
  if (only === undefined)
    throw new UsageError(
      "No route chooses among AI targets: add the plugin ai-proxy-advanced to a route, to a service, or globally.",
    );
  if (others.length > 0)
    throw new UsageError(
      `Several routes choose among AI targets: ${names([only, ...others])}. Name one with --route, or give --path.`,
    );
  return only;
}

function planByName(runtime: Runtime, name: string): RoutePlan {
  const plan = runtime.plans.find(({ route }) => route.name === name || route.id === name);
  if (plan === undefined)
    throw new UsageError(
      `There is no route "${name}". Routes that choose among AI targets: ${names(aiRoutes(runtime)) || "none"}.`,
    );
  return plan;
}

function planByRequest(runtime: Runtime, question: Question): RoutePlan {
  const match = matchRequest(runtime, question);
  if (match === undefined)
    throw new UsageError(
      `No route matches POST ${question.path ?? "/"} with these headers. Routes that choose among AI targets: ${names(aiRoutes(runtime)) || "none"}.`,
    );
  return match.plan;
}

function matchRequest(runtime: Runtime, { path = "/", headers }: Question): RuntimeMatch | undefined {
  const host = headerValue(headers, "host") ?? "";
  const request = {
    method: "POST",
    host,
    serverName: undefined,
    path: normalisePath(pathOnly(path)),
    rawHeaders: headers,
  };
  // A route may be reachable over one of the two only; which one does not change the choice.
  return runtime.match({ ...request, scheme: "https" }) ?? runtime.match({ ...request, scheme: "http" });
}

function pathOnly(path: string): string {
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}

function toRequest(plan: RoutePlan, { path, headers }: Question): ExchangeRequest {
  const full = path ?? plan.route.paths?.find((each) => each.startsWith("/")) ?? "/";
  const only = pathOnly(full);
  return {
    method: "POST",
    path: normalisePath(only),
    query: full.slice(only.length),
    rawHeaders: headers,
    header: (name) => headerValue(headers, name),
  };
}

/** The last message's text. */
function promptOf({ messages }: Question): string {
  const content = messages.at(-1)?.["content"];
  return typeof content === "string" ? content : JSON.stringify(content ?? null);
}

function headerValue(rawHeaders: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const at = rawHeaders.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === wanted);
  return at < 0 ? undefined : rawHeaders[at + 1];
}

function whyNot({ route, unavailable }: RoutePlan): string {
  if (unavailable.length > 0)
    return `The route "${nameOf(route)}" answers 503: gw cannot run ${unavailable.join(", ")}.`;
  return `The route "${nameOf(route)}" does not choose among AI targets: no ai-proxy-advanced plugin applies to it.`;
}

function nameOf({ name, id }: { readonly name?: string | undefined; readonly id: string }): string {
  return name ?? id;
}

function names(plans: readonly RoutePlan[]): string {
  return plans.map((plan) => nameOf(plan.route)).join(", ");
}
