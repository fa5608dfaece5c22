import { UsageError } from "../core/errors.ts";

/** Why an address cannot be had, for who chose it. */
export function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): UsageError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there. Stop it, or choose another port.",
    EACCES: "this user may not. Choose a port from 1024 on.",
    EADDRNOTAVAIL: "this machine has no such address.",
  };
  const reason = reasons[error.code ?? ""] ?? `${error.code ?? error.message}.`;
  return new UsageError(`Cannot listen on ${host}:${port}: ${reason}`);
}
