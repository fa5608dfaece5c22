import type { Secret } from "../../../core/secret.ts";
import type { OwnSecret } from "../../own-secret.ts";
import { attempt } from "./client.ts";
import { expiryNotice, type HcvSession, type SessionServices } from "./session.ts";
import { type Lease, leaseOf, TokenLife } from "./token-life.ts";

/** A token that the configuration gives. It is renewed as long as Vault allows that; when it is replaced, the new one is used. */
export class TokenSession implements HcvSession {
  readonly #given: OwnSecret;
  readonly #services: SessionServices;
  readonly #life: TokenLife;
  /** The token whose lease is known. */
  #known: Secret | undefined;

  constructor(given: OwnSecret, services: SessionServices) {
    this.#given = given;
    this.#services = services;
    this.#life = new TokenLife({
      ...services,
      prolong: async () => await this.#renew().catch(() => undefined),
      onWarning: (leftMs) => services.notify(expiryNotice(services.origin, leftMs)),
    });
  }

  async token(signal: AbortSignal): Promise<Secret> {
    const token = await this.#given.read(signal);
    if (token.reveal() !== this.#known?.reveal()) void this.#lookUp(token).catch(() => {});
    return token;
  }

  async replace(refused: Secret, signal: AbortSignal): Promise<Secret | undefined> {
    const token = await this.#given.renew(refused, signal);
    return token.reveal() === refused.reveal() ? undefined : token;
  }

  close(): void {
    this.#life.stop();
  }

  /** Vault tells the lease of a configured token only when it is asked; a failure is made good at the next read. */
  async #lookUp(token: Secret): Promise<void> {
    this.#known = token;
    const client = await this.#services.connect(this.#services.closing);
    const answer = await attempt(async () => await client.lookupSelfToken(token.reveal()));
    if (!answer.isDone) {
      // A token that may not look itself up is used as it is.
      if (answer.failure.status === undefined) this.#known = undefined;
      return;
    }
    const lease = leaseOf(answer.data);
    if (lease.ttlMs === Infinity || this.#services.closing.aborted) return;
    if (lease.isRenewable) this.#life.start(lease);
    else this.#services.notify(expiryNotice(this.#services.origin, lease.ttlMs));
  }

  async #renew(): Promise<Lease | undefined> {
    const token = this.#known;
    if (token === undefined) return undefined;
    const client = await this.#services.connect(this.#services.closing);
    const answer = await attempt(async () => await client.renewSelfToken(token.reveal(), undefined));
    return answer.isDone ? leaseOf(answer.data) : undefined;
  }
}
