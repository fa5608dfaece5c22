import { isJsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import { attempt } from "./client.ts";
import { loginError, unusableAnswer } from "./failure.ts";
import type { HcvLoginByMethod } from "./logins.ts";
import { expiryNotice, type HcvSession, type SessionServices } from "./session.ts";
import { type Lease, leaseOf, TokenLife } from "./token-life.ts";

/** How much of its first lease a renewal has to give for the token to be kept, up to its explicit or system-wide maximum. */
const WORTHWHILE = 0.5;
/** So long a renewal or login in the background may take, in milliseconds. */
const PROLONG_MS = 5_000;

/** Logs in when a token is first needed, renews the token before it expires, and logs in anew when it cannot be renewed. */
export class LoginSession implements HcvSession {
  readonly #login: HcvLoginByMethod;
  readonly #services: SessionServices;
  readonly #life: TokenLife;
  #current: { readonly token: Secret; readonly lease: Lease } | undefined;
  #flight: Promise<Secret> | undefined;

  constructor(login: HcvLoginByMethod, services: SessionServices) {
    this.#login = login;
    this.#services = services;
    this.#life = new TokenLife({
      ...services,
      prolong: async () => await this.#prolong(),
      onWarning: (leftMs) => services.notify(expiryNotice(services.origin, leftMs)),
    });
  }

  async token(): Promise<Secret> {
    return this.#current?.token ?? (await this.#enterOnce());
  }

  async replace(refused: Secret): Promise<Secret> {
    if (this.#current?.token === refused) this.#current = undefined;
    return await this.token();
  }

  close(): void {
    this.#life.stop();
  }

  async #enterOnce(): Promise<Secret> {
    this.#flight ??= this.#enter(this.#services.closing).finally(() => {
      this.#flight = undefined;
    });
    return await this.#flight;
  }

  async #enter(signal: AbortSignal): Promise<Secret> {
    const action = { origin: this.#services.origin, path: this.#login.path };
    const client = await this.#services.connect(signal);
    const answer = await attempt(async () => await this.#login.send(client, signal));
    if (!answer.isDone) throw loginError(answer.failure, action, this.#login);
    const text = isJsonObject(answer.data) ? answer.data["client_token"] : undefined;
    if (typeof text !== "string" || text === "") throw unusableAnswer(action);
    const token = new Secret(text);
    this.#current = { token, lease: leaseOf(answer.data) };
    this.#life.start(this.#current.lease);
    return token;
  }

  async #prolong(): Promise<Lease | undefined> {
    const signal = AbortSignal.any([this.#services.closing, AbortSignal.timeout(PROLONG_MS)]);
    const renewed = await this.#renew(signal).catch(() => undefined);
    if (renewed !== undefined) return renewed;
    return await this.#enterOnce().then(
      () => this.#current?.lease,
      () => undefined,
    );
  }

  async #renew(signal: AbortSignal): Promise<Lease | undefined> {
    const current = this.#current;
    if (current === undefined || !current.lease.isRenewable) return undefined;
    const client = await this.#services.connect(signal);
    const answer = await attempt(async () => await client.renewSelfToken(current.token.reveal(), undefined));
    const lease = answer.isDone ? leaseOf(answer.data) : undefined;
    return lease !== undefined && lease.ttlMs >= current.lease.ttlMs * WORTHWHILE ? lease : undefined;
  }
}
