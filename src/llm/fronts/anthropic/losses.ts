/** What a call loses when it is translated, and why it cannot be, where it cannot. Neither matters to a provider of the client's own format. */
export class Losses {
  readonly #codes = new Set<string>();
  #refusal: string | undefined;

  /** A member that has no counterpart. */
  ignore(member: string): void {
    this.note(`ignored:${member}`);
  }

  note(code: string): void {
    this.#codes.add(code);
  }

  /** Content without which the answer would be one to another question. */
  refuse(kind: string): void {
    this.#refusal ??= `the call holds "${kind}", which only the provider anthropic can be sent`;
  }

  get codes(): readonly string[] {
    return [...this.#codes];
  }

  get refusal(): string | undefined {
    return this.#refusal;
  }
}
