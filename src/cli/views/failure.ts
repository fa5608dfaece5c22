import { ConfigError, GwError, toError } from "../../core/errors.ts";
import { countText, diagnosticLine, diagnosticsText, type Sources } from "./diagnostics.ts";
import { styleFor } from "./style.ts";

/** What stderr says about a failed command: every diagnostic, then `Error: … [CODE]`. A stack only when `debug`. */
export function failureText(thrown: unknown, options: { readonly colour: boolean; readonly debug: boolean }): string {
  const error = toError(thrown);
  const head = `${styleFor(options.colour).red("Error:")} ${summaryOf(error)}\n`;
  const stack = options.debug ? `${error.stack ?? ""}\n` : "";
  return `${findings(error, options.colour)}${head}${stack}`;
}

/** The same as one-line strings, for the `errors` of a JSON report. */
export function failureLines(thrown: unknown): readonly string[] {
  const error = toError(thrown);
  const lines =
    error instanceof ConfigError
      ? error.diagnostics.filter(({ severity }) => severity === "error").map(diagnosticLine)
      : [];
  return lines.length > 0 ? lines : [summaryOf(error)];
}

function findings(error: Error, colour: boolean): string {
  if (!(error instanceof ConfigError)) return "";
  return diagnosticsText(error.diagnostics, sourcesOf(error), colour);
}

function sourcesOf(error: ConfigError): Sources {
  return error.sources ?? new Map();
}

function summaryOf(error: Error): string {
  if (error instanceof ConfigError && error.diagnostics.length > 0)
    return `${countText(error.diagnostics)} [${error.code}]`;
  if (error instanceof GwError) return `${error.message} [${error.code}]`;
  return `${error.message} This is a bug in gw: please report it, with the output of the same command under GW_DEBUG=1. [GW_BUG]`;
}
