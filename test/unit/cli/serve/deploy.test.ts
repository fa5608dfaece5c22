import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { serveOptions } from "../../../../src/cli/serve/settings.ts";

interface Container {
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
}

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly selector: Readonly<Record<string, unknown>>;
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly Container[] };
    };
  };
}

const documents = parseAllDocuments(readFileSync("deploy/kubernetes.yaml", "utf8"));
const manifests = documents.map((document) => document.toJS() as Manifest);
const pod = manifests.find(({ kind }) => kind === "Deployment")?.spec.template;
const container = pod?.spec.containers[0];

test("the manifest is YAML, and all of it selects the same pods", () => {
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const labels = pod?.metadata.labels;
  expect(manifests.map(({ kind, spec: { selector } }) => [kind, selector["matchLabels"] ?? selector])).toEqual([
    ["Deployment", labels],
    ["Service", labels],
    ["PodDisruptionBudget", labels],
  ]);
});

test("its flags are gw's, its listeners have the ports that it names, and the drain ends before the pod is killed", () => {
  const args = container?.args ?? [];
  const known = serveOptions.map(({ flags }) => flags.split(" ")[0]);
  expect(known).toEqual(expect.arrayContaining(args.filter((arg) => arg.startsWith("--"))));
  const valueOf = (flag: string): string => args[args.indexOf(flag) + 1] ?? "";
  const ports = Object.fromEntries((container?.ports ?? []).map(({ name, containerPort }) => [name, containerPort]));
  expect(valueOf("--proxy-listen")).toBe(`0.0.0.0:${ports["proxy"]}`);
  expect(valueOf("--admin-listen")).toBe(`0.0.0.0:${ports["admin"]}`);
  expect(container?.readinessProbe.httpGet).toEqual({ path: "/status/ready", port: "admin" });
  expect(Number(valueOf("--drain-timeout")) + 5).toBeLessThan(pod?.spec.terminationGracePeriodSeconds ?? 0);
});
