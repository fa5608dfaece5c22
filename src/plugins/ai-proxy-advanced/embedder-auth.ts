import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { EmbedderAuth, EmbedderCloud, NamedEmbedderSecret } from "../../embeddings/embedder.ts";
import { authorize } from "../../llm/authorize.ts";
import { isReference } from "../../secrets/reference.ts";
import type { PluginServices } from "../plugin.ts";
import { compileCloudCredential } from "./cloud-credential.ts";
import type { Credential } from "./credentials.ts";
import type { PlacedCredential, ReadyCredential, TargetCredential } from "./target-credential.ts";

type EmbeddingsConfig = NonNullable<AiProxyAdvancedConfig["embeddings"]>;

/** `isRenewed`: `gw.refresh_on_401`. */
export function embedderAuth(
  { model, auth }: EmbeddingsConfig,
  credentials: readonly Credential[],
  services: PluginServices,
  isRenewed: boolean,
): EmbedderAuth {
  const header = credentials.find((credential) => credential.location === "header");
  const parameter = credentials.find((credential) => credential.location !== "header");
  const [cloud] = compileCloudCredential({ model, auth }, { cloud: services.cloud, clock: services.clock, isRenewed });
  return {
    ...(cloud === undefined ? {} : { cloud: cloudOf(cloud) }),
    ...(header === undefined ? {} : { header: namedSecret(header) }),
    ...(parameter === undefined || parameter.location === "header"
      ? {}
      : { parameter: { location: parameter.location, ...namedSecret(parameter) } }),
  };
}

/** As an embedder asks for it: nothing is resolved before it is needed. */
function namedSecret(credential: Credential): NamedEmbedderSecret {
  const { configuredName } = credential;
  const ready = async (): Promise<PlacedCredential> => credential.peek() ?? (await credential.resolve());
  return {
    name: isReference(configuredName) ? async () => (await ready()).place.name : configuredName,
    value: async () => (await ready()).secret,
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
