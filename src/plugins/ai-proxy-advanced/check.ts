import type { AiProxyAdvancedConfig, CheckContext, ConfigFinding } from "../../config/types.ts";
import { checkBalancer } from "./check-balancer.ts";
import { checkFormat } from "./check-format.ts";
import { notSupported } from "./check-finding.ts";
import { checkEmbeddings, checkSemantic, checkVectorDb } from "./check-semantic.ts";
import { checkTarget } from "./check-target.ts";

/**
 * Rules that the schema cannot say: Kong's, with Kong's texts; what the semantic algorithm needs; and each field that has an effect in
 * Kong and none here yet, as an error where going on would be dangerous. Vault references are checked where all plugins' are.
 */
export function checkAiProxyAdvanced(config: AiProxyAdvancedConfig, _context: CheckContext): readonly ConfigFinding[] {
  const { balancer, embeddings, vectordb, targets } = config;
  return [
    ...checkFormat(config),
    ...checkBalancer(config),
    ...(balancer.algorithm === "semantic" ? checkSemantic(config) : []),
    ...(embeddings === undefined ? [] : checkEmbeddings(embeddings, vectordb)),
    ...(vectordb === undefined ? [] : checkVectorDb(vectordb)),
    ...targets.flatMap((target, index) => checkTarget(target, `targets.${index}`, config)),
    ...checkUnrun(config),
  ];
}

function checkUnrun({ acls }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  return acls === undefined
    ? []
    : [notSupported("acls", "acls", "Without them requests would pass that should be blocked.")];
}
