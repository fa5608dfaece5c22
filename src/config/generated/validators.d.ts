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
export const upstream: Validator;
export const target: Validator;
export const certificate: Validator;
export const caCertificate: Validator;
export const sni: Validator;
export const consumerGroup: Validator;
export const consumerGroupConsumer: Validator;
export const acl: Validator;
export const keyauthCredential: Validator;
export const basicauthCredential: Validator;
export const hmacauthCredential: Validator;
export const jwtSecret: Validator;
export const oauth2Credential: Validator;
export const mtlsAuthCredential: Validator;
export const filterChain: Validator;
export const keptEntity: Validator;
