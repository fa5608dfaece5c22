import { demoPath } from "../../demo/scenario.ts";
import type { TourRow } from "../../demo/tour.ts";
import { styleFor } from "./style.ts";

export function demoIntroduction(colour: boolean): string {
  const style = styleFor(colour);
  return `${style.bold("gw demo")}: the gateway is real, the providers are simulated on this machine. No key, no server, no network.\n\n`;
}

/** One block per prompt: target, distance, key reference and latency. */
export function tourText(rows: readonly TourRow[], colour: boolean): string {
  const style = styleFor(colour);
  const lines = rows.flatMap((row) => {
    const mark = row.isRight ? style.green("✓") : style.red("✗");
    const target = row.target ?? `no answer (status ${row.status})`;
    const why =
      row.distance === undefined ? "CATCHALL: no description is near enough" : `distance ${row.distance.toFixed(4)}`;
    const key = row.keyReference ?? "no known key";
    return [
      `${mark} ${row.prompt}`,
      `    ${style.bold(target)}  ${why}  ${style.dim(`${key}  ${row.ms.toFixed(1)} ms`)}`,
      ...(row.isRight ? [] : [style.red(`    expected ${row.expect}`)]),
    ];
  });
  const right = rows.filter((row) => row.isRight).length;
  return `${lines.join("\n")}\n\n${right} of ${rows.length} prompts reached their target.\n`;
}

export function demoInvitation(origin: string, colour: boolean): string {
  const style = styleFor(colour);
  const body = `{"messages":[{"role":"user","content":"How do I reverse a list in Python?"}]}`;
  return [
    "",
    "The gateway stays up. Try it:",
    "",
    style.cyan(
      `  curl -si ${origin}${demoPath} -H 'content-type: application/json' -H 'x-gw-debug: route' -d '${body}'`,
    ),
    "",
    "Its configuration: gw demo --print-config. Stop it with Ctrl-C.",
    "",
  ].join("\n");
}
