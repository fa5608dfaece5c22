import { VectorError } from "../../core/errors.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { IndexSpec, VectorStore } from "../../vectors/store.ts";
import type { Need } from "../need.ts";
import type { CompiledTarget } from "./compile.ts";
import type { SemanticParts } from "./semantic-parts.ts";

/** Each provider's server once, where requests do not say which it is, and the vector store when it is one. */
export function needsOf(
  targets: readonly CompiledTarget[],
  parts: SemanticParts | undefined,
  upstream: Upstream,
): readonly Need[] {
  const origins = new Map(
    targets.flatMap(({ endpoint, target }) => (endpoint === undefined ? [] : [[endpoint.origin, target.provider]])),
  );
  const providers = [...origins].map(([origin, provider]) => providerNeed(provider, origin, upstream));
  return parts === undefined || parts.store.name === "memory" ? providers : [...providers, storeNeed(parts)];
}

function providerNeed(provider: string, origin: string, upstream: Upstream): Need {
  return {
    kind: "provider",
    name: `${provider} at ${origin}`,
    async probe({ signal }) {
      await upstream.reach(origin, { signal });
      return origin.startsWith("https:") ? "a TLS connection could be made" : "a connection could be made";
    },
  };
}

function storeNeed({ store, spec }: SemanticParts): Need {
  return {
    kind: "vector store",
    name: store.name,
    async probe({ signal }) {
      if (store.server === undefined) return await askIndex(store, spec, signal);
      const server = await store.server({ signal });
      return `${server}, used through ${store.name}`;
    },
  };
}

/** A store without an index of ours has answered, too. */
async function askIndex(store: VectorStore, spec: IndexSpec, signal: AbortSignal): Promise<string> {
  try {
    await store.search(spec, new Float32Array(spec.dimensions), 1, { signal });
  } catch (thrown) {
    if (!(thrown instanceof VectorError && thrown.code === "GW_VECTOR_MISMATCH")) throw thrown;
  }
  return `answers, used through ${store.name}`;
}
