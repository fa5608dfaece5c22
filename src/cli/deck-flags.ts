import type { Option } from "./command.ts";

/** decK's flags that have no meaning here. Scripts written for decK may give them; a note says so. */
export const deckFlags: readonly Option[] = [
  ...["--kong-addr", "--kong-admin-token", "--kong-cookie-jar-path", "--timeout", "--parallelism", "--verbose"].map(
    withValue,
  ),
  ...["--tls-server-name", "--ca-cert", "--ca-cert-file", "--tls-client-cert", "--tls-client-cert-file"].map(withValue),
  ...["--tls-client-key", "--tls-client-key-file", "--konnect-token", "--konnect-token-file"].map(withValue),
  ...["--konnect-addr", "--konnect-control-plane-name", "--konnect-runtime-group-name"].map(withValue),
  ...["--db-update-propagation-delay", "--online-entities-list"].map(withValue),
  { flags: "--headers <value>", summary: "", isList: true },
  { flags: "-w, --workspace <value>", summary: "" },
  { flags: "--analytics [value]", summary: "" },
  ...["--tls-skip-verify", "--skip-workspace-crud", "--konnect-compatibility"].map(alone),
  ...["--skip-hash-for-basic-auth", "--rbac-resources-only", "--include-plugin-definitions", "--all-workspaces"].map(
    alone,
  ),
];

function withValue(flag: string): Option {
  return { flags: `${flag} <value>`, summary: "" };
}

function alone(flag: string): Option {
  return { flags: flag, summary: "" };
}
