import type { ChatEvent } from "./answer.ts";
import type { Usage, UsageReader } from "./usage.ts";

/** The usage of an answer as it is translated. */
export class TranslatedUsage implements UsageReader {
  /** Pieces of the answer so far: most providers send a token in each. */
  events = 0;
  tokens: Usage | undefined;

  push(): void {}

  add(event: ChatEvent): void {
    if (event.type.endsWith("-delta")) this.events += 1;
    if (event.type === "usage") this.tokens = event.usage;
  }

  end(): Usage | undefined {
    return this.tokens;
  }
}
