import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { EmbedderAuth, EmbedderCloud, EmbedderSecret } from "../../embeddings/embedder.ts";
import { authorize } from "../../llm/authorize.ts";
import { isReference } from "../../secrets/reference.ts";
import type { PluginServices } from "../plugin.ts";
import { compileCloudCredential } from "./cloud-credential.ts";
import type { Credential } from "./credentials.ts";
import type { ReadyCredential, TargetCredential } from "./target-credential.ts";

type EmbeddingsConfig = NonNullable<AiProxyAdvancedConfig["embeddings"]>;

/** An embedder has to know the names at once; a name that is a reference is rare. `isRenewed`: `gw.refresh_on_401`. */
export async function embedderAuth(
  { model, auth }: EmbeddingsConfig,
  credentials: readonly Credential[],
  services: PluginServices,
  isRenewed: boolean,
): Promise<EmbedderAuth> {
  const header = credentials.find((credential) => credential.location === "header");
  const parameter = credentials.find((credential) => credential.location !== "header");
  const [cloud] = compileCloudCredential({ model, auth }, { cloud: services.cloud, clock: services.clock, isRenewed });
  const headerName = await plainName(auth?.header_name, services);
  const parameterName = await plainName(auth?.param_name, services);
  return {
    ...(cloud === undefined ? {} : { cloud: cloudOf(cloud) }),
    ...(header === undefined ? {} : { header: { name: headerName, ...valueOf(header) } }),
    ...(parameter === undefined || parameter.location === "header"
      ? {}
      : { parameter: { name: parameterName, location: parameter.location, ...valueOf(parameter) } }),
  };
}

/** The values as an embedder asks for them. */
function valueOf(credential: Credential): EmbedderSecret {
  return {
    value: async () => (credential.peek() ?? (await credential.resolve())).secret,
    async renew(refused) {
      const current = credential.peek();
      const renewed = current?.secret === refused ? await credential.renew(current) : current;
      return renewed?.secret ?? refused;
    },
  };
}

function cloudOf(credential: TargetCredential): EmbedderCloud {
  let used: ReadyCredential | undefined;
  return {
    async authorize(request) {
      used = credential.peek() ?? (await credential.resolve());
      return used.place === undefined ? used.sign(request) : authorize(request, used.place, used.secret);
    },
    async renew() {
      if (used === undefined || !credential.isRenewable) return false;
      return (await credential.renew(used)) !== used;
    },
  };
}

async function plainName(name: string | undefined, { secrets }: PluginServices): Promise<string> {
  if (name === undefined || !isReference(name)) return name ?? "";
  return (await secrets.resolve(name, { signal: AbortSignal.timeout(2000) })).reveal();
}
