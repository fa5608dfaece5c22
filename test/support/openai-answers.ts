import type { JsonObject } from "../../src/core/json.ts";

/** What a provider that speaks OpenAI's format answers: https://platform.openai.com/docs/api-reference/chat/object. */
const head = { id: "chatcmpl-1", created: 1, model: "gpt-simulated" };
const usage = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 3 },
};

export const weatherCall = {
  id: "call_w",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Wien"}' },
} as const;

export function chatAnswer(message: JsonObject, finish = "stop"): string {
  const choices = [{ index: 0, message: { role: "assistant", ...message }, logprobs: null, finish_reason: finish }];
  return JSON.stringify({ ...head, object: "chat.completion", choices, usage });
}

/** The texts piece by piece, then the call, its arguments in two pieces. */
export function chatStream(texts: readonly string[], call: typeof weatherCall | undefined): string {
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const chunks = [
    chunk({ role: "assistant", content: "" }),
    ...texts.map((content) => chunk({ content })),
    ...(call === undefined ? [] : callDeltas(call).map((delta) => chunk(delta))),
    chunk({}, call === undefined ? "stop" : "tool_calls"),
    { ...head, object: "chat.completion.chunk", choices: [], usage },
  ];
  return `${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("")}data: [DONE]\n\n`;
}

function callDeltas({ id, type, function: called }: typeof weatherCall): readonly object[] {
  const [first, second] = [called.arguments.slice(0, 5), called.arguments.slice(5)];
  return [
    { tool_calls: [{ index: 0, id, type, function: { name: called.name, arguments: "" } }] },
    { tool_calls: [{ index: 0, function: { arguments: first } }] },
    { tool_calls: [{ index: 0, function: { arguments: second } }] },
  ];
}

export const failedStream = 'data: {"error":{"message":"out of memory","type":"server_error","code":null}}\n\n';
