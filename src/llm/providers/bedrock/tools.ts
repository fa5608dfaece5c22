import type { Conversation } from "../../conversation.ts";
import type { ChatSettings, Tool } from "../../settings.ts";

/** Whether the conversation holds calls of tools or their results, for which Bedrock insists on a list of tools. */
export function isToolsNeeded({ turns }: Conversation): boolean {
  return turns.some((turn) => turn.role === "tool" || (turn.role === "assistant" && turn.toolCalls.length > 0));
}

/**
 * There is no word for "use none": without a list there are none to use, and where one is needed the choice stays open. The tools of a
 * conversation that brings no list are named as far as it names them.
 */
export function toToolConfig({ tools, toolChoice }: ChatSettings, conversation: Conversation): object | undefined {
  const isNeeded = isToolsNeeded(conversation);
  if (toolChoice?.kind === "none" && !isNeeded) return undefined;
  const listed = tools.length === 0 && isNeeded ? toolsNamedIn(conversation) : tools;
  if (listed.length === 0) return undefined;
  return { tools: listed.map(toTool), toolChoice: tools.length === 0 ? undefined : toChoice(toolChoice) };
}

function toolsNamedIn({ turns }: Conversation): readonly Tool[] {
  const names = turns.flatMap((turn) => {
    if (turn.role === "tool") return [turn.name];
    return turn.role === "assistant" ? turn.toolCalls.map(({ name }) => name) : [];
  });
  return [...new Set(names)].map((name) => ({ name, description: undefined, parameters: { type: "object" } }));
}

function toTool({ name, description, parameters }: Tool): object {
  return { toolSpec: { name, description, inputSchema: { json: parameters } } };
}

function toChoice(choice: ChatSettings["toolChoice"]): object | undefined {
  switch (choice?.kind) {
    case "auto":
      return { auto: {} };
    case "required":
      return { any: {} };
    case "function":
      return { tool: { name: choice.name } };
    default:
      return undefined;
  }
}
