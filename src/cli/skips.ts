import type { Skip } from "../state/skip.ts";
import type { Option, OptionValues } from "./command.ts";
import { isSet } from "./option-values.ts";

export const skipOptions: readonly Option[] = [
  { flags: "--skip-consumers", summary: "leave consumers alone, with their credentials, groups and plugins" },
  { flags: "--skip-ca-certificates", summary: "leave CA certificates alone" },
];

export function skipsOf(options: OptionValues): readonly Skip[] {
  return [
    ...(isSet(options, "skipConsumers") ? (["consumers"] as const) : []),
    ...(isSet(options, "skipCaCertificates") ? (["ca-certificates"] as const) : []),
  ];
}
