import { describe, expect, it } from "vitest";
import { isConnectionError, RedisFailure, toFailure } from "../../../src/redis/failure.ts";

describe("toFailure", () => {
  it.each([
    ["WRONGPASS invalid username-password pair or user is disabled", "login"],
    ["NOAUTH Authentication required", "login"],
    ["ERR invalid password", "login"],
    ["READONLY You can't write against a read only replica", "unreachable"],
    ["LOADING Redis is loading the dataset in memory", "unreachable"],
    ["ERR unknown command 'VADD'", "reply"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "reply"],
  ])("tells what the answer %j means", (message, kind) => {
    const failure = toFailure(replyError(message), []);
    expect(failure).toMatchObject({ kind, message });
    expect(isConnectionError(failure)).toBe(kind !== "reply");
  });

  it("shows no secret, although a server may echo what it was sent", () => {
    const echo = replyError("ERR unknown command 'AUTH', with args beginning with: 'hunter2'");
    const failure = toFailure(echo, ["hunter2"]);
    expect(failure.message).toBe("ERR unknown command 'AUTH', with args beginning with: '[secret]'");
    expect(Object.keys(failure)).not.toContain("command");
    expect(failure.cause).toBeUndefined();
  });

  it("finds the words where Node and ioredis leave them", () => {
    const refused = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
    expect(toFailure(refused, []).message).toBe("ECONNREFUSED");
    expect(toFailure(new Error("Connection is closed."), []).message).toBe("Connection is closed");
    const allFailed = Object.assign(new Error("Failed to refresh slots cache."), { lastNodeError: refused });
    expect(toFailure(allFailed, [])).toMatchObject({ kind: "unreachable", message: "ECONNREFUSED" });
  });

  it("leaves what is a RedisFailure already, and takes other things for no connection", () => {
    const failure = new RedisFailure("reply", "ERR");
    expect(toFailure(failure, [])).toBe(failure);
    expect(isConnectionError(toFailure("odd", []))).toBe(true);
    expect(isConnectionError(new Error("odd"))).toBe(false);
  });
});

/** As ioredis makes them: with the arguments of the command that failed. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError", command: { name: "auth", args: ["hunter2"] } });
}
