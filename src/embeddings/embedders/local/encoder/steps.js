// @ts-check
import { places, ROWS_PER_TILE } from "./layout.js";
import { HEADS, MATRICES, NORMS } from "./shape.js";

/**
 * What build/kernel/ exports; addresses and lengths are in bytes where the name says so.
 * @typedef {{
 *   multiply(activations: number, rowScales: number, weights: number, columnScales: number, bias: number, output: number,
 *     rows: number, inputs: number, outputs: number, rectify: number, accumulate: number): void,
 *   quantise_rows(floats: number, quantised: number, rowScales: number, rows: number, width: number): void,
 *   normalise_rows(floats: number, gain: number, bias: number, output: number, rows: number, width: number): void,
 *   attend(queries: number, keys: number, values: number, scores: number, output: number, tokens: number,
 *     headBytes: number, rowBytes: number, outputBytes: number, scale: number): void,
 * }} Kernel
 */

/**
 * The steps that the layers are made of, by the names of their weights. `from` and `to` are addresses in the workspace.
 * @param {import("./forward-pass.js").ThreadParts} parts
 * @param {import("./layout.js").Workspace} work
 */
export function createSteps({ memory, kernel: module }, work) {
  const instance = new WebAssembly.Instance(module, { encoder: { memory } });
  const kernel = /** @type {Kernel} */ (/** @type {unknown} */ (instance.exports));
  const { quantised, rowScales, scores, wide, normalised, attended } = work;
  const matrices = new Map(MATRICES.map((matrix) => [matrix.name, { ...matrix, ...places.matrices[matrix.name] }]));
  const norms = new Map(NORMS.map((norm) => [norm.name, { ...norm, ...places.norms[norm.name] }]));

  /**
   * to = from x matrix + bias.
   * @param {import("./shape.js").MatrixName} name
   * @param {number} from
   * @param {number} to
   * @param {number} tokens
   * @param {{ rectify?: boolean, accumulate?: boolean }} options
   */
  function multiply(name, from, to, tokens, { rectify = false, accumulate = false } = {}) {
    const { weights, scales, bias, inputs, outputs } = known(matrices, name);
    const rows = Math.ceil(tokens / ROWS_PER_TILE) * ROWS_PER_TILE;
    const flags = /** @type {const} */ ([Number(rectify), Number(accumulate)]);
    kernel.quantise_rows(from, quantised, rowScales, rows, inputs);
    kernel.multiply(quantised, rowScales, weights, scales, bias, to, rows, inputs, outputs, ...flags);
  }

  /**
   * Leaves its result in work.normalised.
   * @param {import("./shape.js").NormName} name
   * @param {number} from
   * @param {number} tokens
   */
  function normalise(name, from, tokens) {
    const { gain, bias, width } = known(norms, name);
    kernel.normalise_rows(from, gain, bias, normalised, tokens, width);
  }

  /**
   * From the queries, keys and values side by side in work.wide to work.attended, one head after the other.
   * @param {number} width
   * @param {number} tokens
   */
  function attend(width, tokens) {
    const rowBytes = 4 * width;
    const headBytes = rowBytes / HEADS;
    const scale = Math.sqrt(HEADS / width);
    for (let start = 0; start < rowBytes; start += headBytes) {
      const queries = wide + start;
      const [keys, values] = /** @type {const} */ ([queries + rowBytes, queries + 2 * rowBytes]);
      const output = attended + start;
      kernel.attend(queries, keys, values, scores, output, tokens, headBytes, 3 * rowBytes, rowBytes, scale);
    }
  }

  return { multiply, normalise, attend };
}

/**
 * @template {string} Name
 * @template Value
 * @param {ReadonlyMap<Name, Value>} map
 * @param {Name} name
 */
function known(map, name) {
  const value = map.get(name);
  if (value === undefined) throw new RangeError(`The encoder has no part ${name}`);
  return value;
}
