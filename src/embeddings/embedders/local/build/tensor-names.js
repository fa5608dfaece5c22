// @ts-check
// What the graph calls the tensors of encoder/shape.js.

const STACK = "module_apply_default/Encoder_en/KonaTransformer/Encode/TransformerStack";
const BIASES = "module_apply_default/Encoder_en/KonaTransformer/Encode";
const KERNELS = "module/Encoder_en/KonaTransformer/Encode";

export const EMBEDDINGS = "module/Embeddings_en";
export const FREQUENCIES = `${STACK}/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`;

/** @satisfies {Record<import("../encoder/shape.js").MatrixName, { weights: string, bias: string }>} */
export const matrixTensors = {
  project0: {
    weights: `${BIASES}/Layer_0/TransformerLayer/dense/kernel/ConcatPartitions/concat`,
    bias: `${BIASES}/Layer_0/TransformerLayer/dense/bias/ConcatPartitions/concat`,
  },
  attend0: attention(0, "qkv_transform_single"),
  combine0: attention(0, "output_transform_single"),
  expand0: feedForward(0, "conv1"),
  contract0: feedForward(0, "conv2"),
  attend1: attention(1, "qkv_transform_single"),
  combine1: attention(1, "output_transform_single"),
  expand1: feedForward(1, "conv1"),
  contract1: feedForward(1, "conv2"),
  head: {
    weights: "module/Encoder_en/hidden_layers/tanh_layer_0/weights",
    bias: "module/Encoder_en/hidden_layers/tanh_layer_0/bias",
  },
};

/** @satisfies {Record<import("../encoder/shape.js").NormName, { gain: string, bias: string }>} */
export const normTensors = {
  beforeAttend0: norm("Layer_0/TransformerLayer/layer_prepostprocess"),
  beforeExpand0: norm("Layer_0/TransformerLayer/FFN/layer_prepostprocess"),
  beforeAttend1: norm("Layer_1/TransformerLayer/layer_prepostprocess"),
  beforeExpand1: norm("Layer_1/TransformerLayer/FFN/layer_prepostprocess"),
};

/**
 * @param {number} layer
 * @param {string} part
 */
function attention(layer, part) {
  const path = `Layer_${layer}/TransformerLayer/MultiheadAttention/${part}`;
  return { weights: `${KERNELS}/${path}/kernel/part_0`, bias: `${BIASES}/${path}/bias/ConcatPartitions/concat` };
}

/**
 * @param {number} layer
 * @param {string} part
 */
function feedForward(layer, part) {
  const path = `Layer_${layer}/TransformerLayer/FFN/${part}`;
  return { weights: `${STACK}/${path}/Tensordot/Reshape_1`, bias: `${BIASES}/${path}/bias/ConcatPartitions/concat` };
}

/** @param {string} path */
function norm(path) {
  const start = `${BIASES}/${path}/layer_norm/layer_norm`;
  return { gain: `${start}_scale/ConcatPartitions/concat`, bias: `${start}_bias/ConcatPartitions/concat` };
}
