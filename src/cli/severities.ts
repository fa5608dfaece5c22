import { diagnosticCodes } from "../config/codes.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { UsageError } from "../core/errors.ts";
import type { Option, OptionValues } from "./command.ts";
import { listOf } from "./option-values.ts";

/** decK's flags, for gw's codes too. */
export const severityOptions: readonly Option[] = [
  {
    flags: "-E, --warnings-as-errors <codes>",
    summary: "findings that count as errors (comma list of codes; wins over -W)",
    isList: true,
  },
  {
    flags: "-W, --errors-as-warnings <codes>",
    summary: "findings that count as warnings: unknown-plugin",
    isList: true,
  },
];

/** Checks of decK's for plugins that gw does not have: the codes may stand in scripts. */
const DECK_CODES = ["oidc-missing-required-config", "rla-consumer-groups-deprecated"];
/** Errors that leave a configuration which can be used. */
const SOFT_ERRORS = ["unknown-plugin", "route-regex-path-format"];

export interface Severities {
  readonly warningsAsErrors: ReadonlySet<string>;
  readonly errorsAsWarnings: ReadonlySet<string>;
}

/** Throws UsageError for a code that does not exist, or for an error that leaves nothing to go on with. */
export function severitiesOf(options: OptionValues): Severities {
  const warningsAsErrors = codesOf(options, "warningsAsErrors", "-E");
  const errorsAsWarnings = codesOf(options, "errorsAsWarnings", "-W");
  for (const code of errorsAsWarnings) {
    if ([...SOFT_ERRORS, ...DECK_CODES].includes(code)) continue;
    throw new UsageError(
      `-W cannot make a warning of ${code}: the configuration cannot be used then. It can of unknown-plugin.`,
    );
  }
  return { warningsAsErrors, errorsAsWarnings };
}

function codesOf(options: OptionValues, name: string, flag: string): ReadonlySet<string> {
  const codes = listOf(options, name).flatMap((list) => list.split(",").map((code) => code.trim()));
  const known = [...diagnosticCodes, ...DECK_CODES];
  const unknown = codes.find((code) => !known.includes(code));
  if (unknown === undefined) return new Set(codes);
  throw new UsageError(`${flag} names the code "${unknown}", which does not exist.${didYouMean(unknown, known)}`);
}
