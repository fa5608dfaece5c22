import type { ErrorObject } from "ajv";

/** A standalone validator: false leaves what is wrong in `errors` until the next call. */
interface Validator {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

export const service: Validator;
export const route: Validator;
export const plugin: Validator;
export const vault: Validator;
export const consumer: Validator;
