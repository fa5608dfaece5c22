/** Something outside of gw that a plugin instance uses, for `gw ping`. */
export interface Need {
  readonly kind: "provider" | "vector store" | "redis";
  /** Which one, without a credential: an origin, `redis at 127.0.0.1:6379`. */
  readonly name: string;
  /**
   * Says in a few words what answered. Changes nothing and asks for nothing that is billed. Throws what a request would meet: a GwError,
   * RedisFailure, or the signal's reason.
   */
  probe(options: { readonly signal: AbortSignal }): Promise<string>;
}
