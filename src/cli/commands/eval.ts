import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import type { Runtime } from "../../gateway/runtime.ts";
import { decidePrompts, type Evaluation, evaluate, judge, type Prediction } from "../../routing/evaluate.ts";
import { parseLabelMap } from "../../routing/labelled-prompts.ts";
import { nearDescriptions } from "../../routing/near-descriptions.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { isSet, textOf } from "../option-values.ts";
import { writeWhole } from "../output-file.ts";
import { mapOption, readPrompts } from "../prompts-file.ts";
import { evaluationText } from "../views/evaluation.ts";
import { junitText } from "../views/junit.ts";
import { predictionLines } from "../views/predictions.ts";
import { jsonText } from "../views/report.ts";
import { destinationOf, routeOptions, withRuntime } from "../with-runtime.ts";

const BELOW_THE_BAR = 2;

export const evalCommand: Command = {
  name: "eval",
  summary: "measure routing on labelled prompts",
  arguments: "<prompts>",
  options: [
    ...routeOptions,
    mapOption,
    { flags: "--min-accuracy <share>", summary: "exit with 2 when fewer are right, from 0 to 1" },
    { flags: "--predictions <file>", summary: "write one decision a line" },
    { flags: "--junit <file>", summary: "write a JUnit report, one test a prompt" },
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run([file = ""], options, terminal) {
    const least = readShare(textOf(options, "minAccuracy"));
    const rows = await readPrompts(file, options, terminal, true);
    const decide = async (runtime: Runtime): Promise<readonly [Evaluation, readonly Prediction[]]> => {
      const asked = { destination: destinationOf(options), signal: terminal.signal };
      const decided = await decidePrompts(runtime, rows, asked);
      const predictions = judge(decided);
      return [evaluate(decided, predictions, await nearDescriptions(runtime, decided, asked)), predictions];
    };
    const [report, predictions] = await withRuntime(options, terminal, decide);
    writeFiles(predictions, options, terminal);
    terminal.out(isSet(options, "jsonOutput") ? jsonText(report) : evaluationText(report, terminal.colour));
    if (report.accuracy >= least) return 0;
    terminal.err(`The accuracy ${report.accuracy.toFixed(3)} is below --min-accuracy ${least}.\n`);
    return BELOW_THE_BAR;
  },
};

function readShare(text: string | undefined): number {
  const share = text === undefined ? 0 : Number(text);
  if (share >= 0 && share <= 1 && text !== "") return share;
  throw new UsageError(`--min-accuracy ${text}: give a share from 0 to 1, such as 0.9.`);
}

function writeFiles(predictions: readonly Prediction[], options: OptionValues, terminal: Terminal): void {
  const write = (name: string, content: () => string): void => {
    const file = textOf(options, name);
    if (file !== undefined) writeWhole(resolve(terminal.cwd, file), content(), true);
  };
  write("predictions", () => predictionLines(predictions, parseLabelMap(textOf(options, "map"))));
  write("junit", () => junitText(predictions));
}
