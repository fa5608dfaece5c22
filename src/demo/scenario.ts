import type { SimulatorOptions } from "./simulators.ts";

/** A prompt, and the model that should answer it. */
export interface TourPrompt {
  readonly prompt: string;
  readonly expect: string;
}

/** Invented keys: they open the simulators and nothing else. */
export const demoKeys: SimulatorOptions["keys"] = { openai: "sk-demo-openai", mistral: "demo-mistral" };

/** What the demo's vault reads instead of the process's environment. `{vault://hashicorp-vault/openai/key}` is `key` in GW_DEMO_OPENAI. */
export const demoEnvironment: Readonly<Record<string, string>> = {
  GW_DEMO_OPENAI: JSON.stringify({ key: demoKeys.openai }),
  GW_DEMO_MISTRAL: JSON.stringify({ key: demoKeys.mistral }),
};

/** The reference behind each key, so that the tour can say by which one a provider was reached. */
export const demoReferences: ReadonlyMap<string, string> = new Map([
  [demoKeys.openai, "{vault://hashicorp-vault/openai/key}"],
  [demoKeys.mistral, "{vault://hashicorp-vault/mistral/key}"],
]);

/** The path that the demo's route listens on. */
export const demoPath = "/anything";

export const demoPrompts: readonly TourPrompt[] = [
  { prompt: "How can I build a REST API using Flask?", expect: "gpt-3.5-turbo" },
  {
    prompt:
      "How can you effectively debug asynchronous code in JavaScript to identify where a Promise or callback might be failing?",
    expect: "gpt-3.5-turbo",
  },
  { prompt: "What is the derivative of sin(x)?", expect: "gpt-4o" },
  { prompt: "Explain me Gödel`s incompleteness theorem.", expect: "gpt-4o" },
  { prompt: "What is Wulfila Bible?", expect: "mistral-tiny" },
  { prompt: "Who was Edward Gibbon and what he is famous for?", expect: "mistral-tiny" },
];
