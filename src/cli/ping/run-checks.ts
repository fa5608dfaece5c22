import { withDeadline } from "../../core/abort.ts";
import { GwError } from "../../core/errors.ts";
import { RedisFailure } from "../../redis/failure.ts";
import type { Check } from "./checks.ts";

export interface CheckResult {
  readonly kind: Check["kind"];
  readonly name: string;
  readonly isOk: boolean;
  /** How long the check took. */
  readonly ms: number;
  /** What answered, or what is wrong and what to do. */
  readonly message: string;
  /** Of what is wrong, where gw has one for it. */
  readonly code: string | undefined;
  readonly warnings: readonly string[];
}

/** Runs all at once, each for `limitMs` at most. Rejects with the reason of the signal only. */
export async function runChecks(
  checks: readonly Check[],
  limitMs: number,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const results = await Promise.all(checks.map(async (check) => await runCheck(check, limitMs, signal)));
  signal.throwIfAborted();
  return results;
}

async function runCheck(check: Check, limitMs: number, signal: AbortSignal): Promise<CheckResult> {
  const { kind, name } = check;
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  try {
    const { said, warnings = [] } = await withDeadline(limitMs, signal, async (either) => await check.run(either));
    return { kind, name, isOk: true, ms: elapsed(), message: said, code: undefined, warnings };
  } catch (thrown) {
    const code = thrown instanceof GwError ? thrown.code : undefined;
    return { kind, name, isOk: false, ms: elapsed(), message: messageOf(thrown, limitMs), code, warnings: [] };
  }
}

/** Errors of libraries may quote what was sent: only their names are told. */
function messageOf(thrown: unknown, limitMs: number): string {
  if (thrown instanceof GwError || thrown instanceof RedisFailure) return thrown.message;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  if (name !== "TimeoutError") return `failed (${name}). This is a bug in gw: please report it.`;
  return `did not answer within ${limitMs / 1000} s. Check its address, and that no firewall is between; --timeout waits longer.`;
}
