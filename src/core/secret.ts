import { inspect } from "node:util";

const SHOWN = "[secret]";

/**
 * A credential from the place that resolved it to the request that carries it. It prints as `[secret]` in templates, JSON and
 * inspect; only `reveal()` gives the value, so its uses are easy to grep (drivers and `authorize` functions only).
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
