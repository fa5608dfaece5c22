/**
 * `unreachable`: no usable connection, or it was lost; `login`: the server refused the credentials; `reply`: it answered a command
 * with an error.
 */
type RedisFailureKind = "unreachable" | "login" | "reply";

/**
 * What Redis or the way to it said. It replaces ioredis' errors, which carry the arguments of the failed command and with them, for
 * AUTH, the password. Users of redis/ translate it into the GwError of their layer.
 */
export class RedisFailure extends Error {
  readonly kind: RedisFailureKind;

  constructor(kind: RedisFailureKind, message: string) {
    super(message);
    this.name = "RedisFailure";
    this.kind = kind;
  }
}

/** True when no command can be sent now and a later one may succeed without a change to the command. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof RedisFailure && error.kind !== "reply";
}

/** Turns what ioredis threw into a RedisFailure; every occurrence of `secrets` in its text is replaced, a final dot dropped. */
export function toFailure(thrown: unknown, secrets: readonly string[]): RedisFailure {
  if (thrown instanceof RedisFailure) return thrown;
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), describe(thrown));
  const message = shown.replace(/\.$/u, "");
  if (LOGIN_REFUSED.test(message)) return new RedisFailure("login", message);
  const isReply = thrown instanceof Error && thrown.name === "ReplyError" && !SERVER_MOVED.test(message);
  return new RedisFailure(isReply ? "reply" : "unreachable", message);
}

/** Redis 5 says `ERR invalid password`, proxies and later versions WRONGPASS; NOAUTH where none was given. */
const LOGIN_REFUSED = /\b(?:WRONGPASS|NOAUTH|invalid password|Authentication required)\b/u;

/** Answers of a server that is no longer, or not yet, the one to ask: a new connection finds the right one. */
const SERVER_MOVED = /^(?:READONLY|MASTERDOWN|LOADING|CLUSTERDOWN)\b/u;

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { lastNodeError } = thrown as { readonly lastNodeError?: unknown };
  if (lastNodeError instanceof Error) return describe(lastNodeError);
  // Node tries every address of a name and reports all failures in an AggregateError without a message.
  const { code } = thrown as { readonly code?: unknown };
  return thrown.message === "" && typeof code === "string" ? code : thrown.message;
}
