import type { Terminal } from "./command.ts";

/** The terminal, pipes and environment that this process was started with. Stops at the first SIGINT or SIGTERM; a second one kills. */
export function systemTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  ignoreBrokenPipe(stdout);
  ignoreBrokenPipe(stderr);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stdin,
    isInteractive: isTerminal(stdin) && isTerminal(stdout) && isTerminal(stderr),
    colour: wantsColour(env, isTerminal(stdout) && isTerminal(stderr)),
    environment: env,
    cwd: process.cwd(),
    signal: stopSignal(),
  };
}

/** https://no-color.org and https://force-color.org: a variable counts when it is set to anything but the empty string. */
export function wantsColour(environment: Terminal["environment"], isOnTerminal: boolean): boolean {
  if (environment["NO_COLOR"]) return false;
  if (environment["FORCE_COLOR"]) return environment["FORCE_COLOR"] !== "0";
  return isOnTerminal && environment["TERM"] !== "dumb";
}

function isTerminal(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true;
}

/** `gw dump | head -1` is not an error. */
function ignoreBrokenPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    controller.abort(new Error(`Stopped by ${name}.`));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return controller.signal;
}
