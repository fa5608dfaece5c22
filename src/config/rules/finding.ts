import type { DiagnosticCode } from "../codes.ts";
import type { Finding } from "../draft.ts";
import type { Path } from "../path.ts";

export function error(code: DiagnosticCode, message: string, path: Path, fix?: string): Finding {
  return { severity: "error", code, message, path, ...(fix === undefined ? {} : { fix }) };
}

export function warning(code: DiagnosticCode, message: string, path: Path, fix?: string): Finding {
  return { severity: "warning", code, message, path, ...(fix === undefined ? {} : { fix }) };
}
