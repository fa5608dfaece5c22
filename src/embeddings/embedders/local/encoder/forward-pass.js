// @ts-check
import { createEnds } from "./ends.js";
import { workspaceOf } from "./layout.js";
import { INPUT_WIDTH, WIDTH } from "./shape.js";
import { createSteps } from "./steps.js";

/**
 * What one thread computes with: the memory with the weights, the compiled kernel, and the number of the workspace that is the thread's own.
 * @typedef {{ readonly memory: WebAssembly.Memory, readonly kernel: WebAssembly.Module, readonly thread: number }} ThreadParts
 */

/**
 * The layers of the model: pieces of a text in, vector of length 1 out. Nearly all of the time goes by in the kernel (build/kernel/); here
 * is the order in which it is called.
 * @param {ThreadParts} parts
 * @returns {(pieces: readonly number[]) => Float32Array<ArrayBuffer>}
 */
export function createForwardPass(parts) {
  const work = workspaceOf(parts.thread);
  const { input, stream, normalised, wide, attended, output } = work;
  const { readTokens, averageTokens, readVector } = createEnds(parts.memory.buffer, work);
  const { multiply, normalise, attend } = createSteps(parts, work);

  return (pieces) => {
    const tokens = pieces.length;
    readTokens(pieces);

    multiply("project0", input, stream, tokens);
    normalise("beforeAttend0", input, tokens);
    multiply("attend0", normalised, wide, tokens);
    attend(INPUT_WIDTH, tokens);
    multiply("combine0", attended, stream, tokens, { accumulate: true });
    normalise("beforeExpand0", stream, tokens);
    multiply("expand0", normalised, wide, tokens, { rectify: true });
    multiply("contract0", wide, stream, tokens, { accumulate: true });

    normalise("beforeAttend1", stream, tokens);
    multiply("attend1", normalised, wide, tokens);
    attend(WIDTH, tokens);
    multiply("combine1", attended, stream, tokens, { accumulate: true });
    normalise("beforeExpand1", stream, tokens);
    multiply("expand1", normalised, wide, tokens, { rectify: true });
    multiply("contract1", wide, stream, tokens, { accumulate: true });

    averageTokens(tokens);
    multiply("head", attended, output, 1);
    return readVector();
  };
}
