import { type Document, isMap, isSeq, parseDocument, stringify, visit, type YAMLMap } from "yaml";
import { UsageError } from "../core/errors.ts";

/** Fields to set in a plugin's `config.gw`, or to remove when undefined; and to set in `gw` of some of its targets. */
export interface PluginChange {
  readonly gw: object;
  readonly targets: readonly { readonly index: number; readonly gw: object }[];
}

/** Which plugin of a file is meant: the one with these targets. */
export interface PluginShape {
  readonly name: string;
  /** In order; the empty string for a target without one. */
  readonly descriptions: readonly string[];
}

/** The change as the YAML of `config`, for people to copy. */
export function changeText({ gw, targets }: PluginChange): string {
  const list = targets.map(({ index, gw: fields }) => ({ index, gw: fields }));
  return stringify(
    { ...(Object.keys(gw).length > 0 && { gw }), ...(list.length > 0 && { targets: list }) },
    { lineWidth: 0 },
  );
}

/**
 * `text` with the change made, comments and order kept. Throws UsageError when it is not YAML, or when not exactly one plugin has that
 * shape.
 */
export function editPlugin(text: string, shape: PluginShape, change: PluginChange): string {
  const { document, plugin } = findPlugin(text, shape);
  const set = (path: readonly (string | number)[], fields: object): void => {
    for (const [field, value] of Object.entries(fields)) {
      const at = [...path, field];
      if (value !== undefined) plugin.setIn(at, document.createNode(value));
      else if (plugin.hasIn(at)) plugin.deleteIn(at);
    }
  };
  set(["config", "gw"], change.gw);
  for (const { index, gw } of change.targets) set(["config", "targets", index, "gw"], gw);
  return document.toString({ lineWidth: 0 });
}

/** What the plugin's `config.gw.head_file` says; undefined when that is an expression. Throws as editPlugin does. */
export function headFileOf(text: string, shape: PluginShape): string | undefined {
  const name = findPlugin(text, shape).plugin.getIn(["config", "gw", "head_file"]);
  return typeof name === "string" && !name.includes("${{") ? name : undefined;
}

function findPlugin(
  text: string,
  shape: PluginShape,
): { readonly document: Document.Parsed; readonly plugin: YAMLMap } {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw new UsageError("The file cannot be changed: it is not plain YAML. Make the change by hand.");
  const found: YAMLMap[] = [];
  visit(document, {
    Map(_, node) {
      if (node.get("name") === shape.name && hasShape(node, shape)) found.push(node);
    },
  });
  const [plugin] = found;
  if (plugin === undefined || found.length > 1) {
    const count = found.length === 0 ? "No plugin" : "More than one plugin";
    throw new UsageError(`${count} of the file has these targets. Make the change by hand.`);
  }
  return { document, plugin };
}

function hasShape(node: YAMLMap, { descriptions }: PluginShape): boolean {
  const targets = node.getIn(["config", "targets"]);
  if (!isSeq(targets) || targets.items.length !== descriptions.length) return false;
  return targets.items.every(
    (target, index) => isMap(target) && (target.get("description") ?? "") === descriptions[index],
  );
}
