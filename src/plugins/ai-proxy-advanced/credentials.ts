import { withDeadline } from "../../core/abort.ts";
import { SecretError } from "../../core/errors.ts";
import type { Notify } from "../../core/notice.ts";
import { Secret } from "../../core/secret.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { CredentialPlace } from "../../llm/provider.ts";
import type { SecretLookup } from "../../secrets/lookup.ts";
import { isReference } from "../../secrets/reference.ts";
import { addScheme } from "../../secrets/scheme.ts";
import { type PlacedCredential, RESOLVE_MS, resolveInTime, type TargetCredential } from "./target-credential.ts";

type Auth = NonNullable<AiProxyAdvancedConfig["targets"][number]["auth"]>;

interface CredentialServices {
  readonly secrets: SecretLookup;
  readonly notify: Notify;
  /** `config.gw.auth_scheme`. */
  readonly scheme: "bearer" | "none";
  /** `gw.refresh_on_401` of the target, else of the plugin. */
  readonly isRenewed: boolean;
}

/** What `auth` puts on requests: a header, a parameter, both or nothing. */
export function compileCredentials(auth: Auth | undefined, services: CredentialServices): readonly Credential[] {
  const credentials: Credential[] = [];
  if (auth?.header_name !== undefined && auth.header_value !== undefined) {
    credentials.push(new Credential("header", auth.header_name, auth.header_value, services));
  }
  if (auth?.param_name !== undefined && auth.param_value !== undefined) {
    credentials.push(new Credential(auth.param_location ?? "query", auth.param_name, auth.param_value, services));
  }
  return credentials;
}

/** A header or parameter of `auth`. */
export class Credential implements TargetCredential {
  readonly location: CredentialPlace["in"];
  readonly configuredName: string;
  readonly reference: string | undefined;
  readonly #name: SecretValue;
  readonly #value: SecretValue;
  readonly #services: CredentialServices;
  #ready: PlacedCredential | undefined;
  /** What `#ready` was made from: a rotated secret is another object. */
  #source: Secret | undefined;
  #isNoticed = false;

  constructor(location: CredentialPlace["in"], name: string, value: string, services: CredentialServices) {
    this.location = location;
    this.configuredName = name;
    this.reference = isReference(value) ? value : undefined;
    this.#name = toSecretValue(name, services.secrets);
    this.#value = toSecretValue(value, services.secrets);
    this.#services = services;
  }

  /** undefined until its references have been resolved once. Throws SecretError GW_SECRET_UNUSABLE. */
  peek(): PlacedCredential | undefined {
    const secret = this.#value.peek();
    if (secret === undefined) return undefined;
    if (this.#ready !== undefined && secret === this.#source) return this.#ready;
    const name = this.#name.peek();
    return name === undefined ? undefined : this.#prepare(name, secret);
  }

  async resolve(): Promise<PlacedCredential> {
    return await resolveInTime(this.#shown(), "Check its vault with gw vault get.", async (signal) => {
      const [name, secret] = await Promise.all([this.#name.resolve(signal), this.#value.resolve(signal)]);
      return this.#prepare(name, secret);
    });
  }

  get isRenewable(): boolean {
    return this.reference !== undefined && this.#services.isRenewed;
  }

  async renew(refused: PlacedCredential): Promise<PlacedCredential> {
    const { reference } = this;
    const source = this.#source;
    if (reference === undefined || source === undefined || !this.isRenewable) return refused;
    const { secrets } = this.#services;
    if (this.#ready === refused) {
      const ask = async (signal: AbortSignal): Promise<Secret> => await secrets.renew(reference, source, { signal });
      const renewed = await withDeadline(RESOLVE_MS, undefined, ask).catch(() => source);
      this.#noticeRefusal(renewed !== source);
    }
    return this.#peekOr(refused);
  }

  #peekOr(refused: PlacedCredential): PlacedCredential {
    try {
      return this.peek() ?? refused;
    } catch {
      return refused;
    }
  }

  #noticeRefusal(isReplaced: boolean): void {
    const said = isReplaced
      ? { code: "secret-replaced", end: "its vault had another, which is used from now on." }
      : { code: "secret-refused", end: "its vault has no other. Put a valid key there." };
    this.#services.notify({
      code: said.code,
      message: `${this.#shown()} was refused by its provider, and ${said.end}`,
    });
  }

  #prepare(name: Secret, source: Secret): PlacedCredential {
    const place: CredentialPlace = { in: this.location, name: name.reveal() };
    const secret = place.in === "header" ? this.#toHeaderValue(place.name, source) : source;
    this.#ready = { place, secret };
    this.#source = source;
    return this.#ready;
  }

  #toHeaderValue(name: string, source: Secret): Secret {
    if (!isHeaderText.test(source.reveal())) {
      const message = `The value of ${this.#shown()} cannot be sent in the header "${name}": it holds a line break or another control character. Store it without.`;
      throw new SecretError("GW_SECRET_UNUSABLE", message);
    }
    if (this.#services.scheme === "none" || name.toLowerCase() !== "authorization") return source;
    const { secret, added } = addScheme(source);
    if (added) this.#noticeScheme();
    return secret;
  }

  #noticeScheme(): void {
    if (this.#isNoticed) return;
    this.#isNoticed = true;
    const message = `The Authorization value of ${this.#shown()} has no scheme: gw sends it as "Bearer …". Kong would send it bare; set gw.auth_scheme to none for that.`;
    this.#services.notify({ code: "secret-without-scheme", message });
  }

  #shown(): string {
    return this.reference ?? "auth.header_value (plain text)";
  }
}

const isHeaderText = /^[\t\x20-\x7e\x80-\xff]*$/;

interface SecretValue {
  peek(): Secret | undefined;
  resolve(signal: AbortSignal): Promise<Secret>;
}

function toSecretValue(text: string, secrets: SecretLookup): SecretValue {
  if (isReference(text))
    return { peek: () => secrets.peek(text), resolve: (signal) => secrets.resolve(text, { signal }) };
  const secret = new Secret(text);
  return { peek: () => secret, resolve: () => Promise.resolve(secret) };
}
