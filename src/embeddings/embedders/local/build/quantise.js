// @ts-check

/** Columns of a matrix that the kernel multiplies at a time. */
export const COLUMNS_PER_PANEL = 8;

const LARGEST = 127;

/**
 * A matrix of `outputs` columns, each in steps of its own: 8-bit integers, panel by panel of 8 columns, in a panel by pairs of rows, in a pair
 * by column. So the kernel reads 16 bytes after 16 bytes and each pair meets the pair of activations it is multiplied by.
 * @param {Float32Array} weights row by row
 * @param {number} outputs
 */
export function quantiseMatrix(weights, outputs) {
  const inputs = weights.length / outputs;
  const scales = columnScales(weights, outputs);
  const rows = new Int8Array(weights.length);
  for (let input = 0; input < inputs; input++) {
    const pair = (input >> 1) * 2 * COLUMNS_PER_PANEL + (input & 1);
    for (let output = 0; output < outputs; output++) {
      const panel = Math.floor(output / COLUMNS_PER_PANEL) * COLUMNS_PER_PANEL * inputs;
      const place = panel + pair + 2 * (output % COLUMNS_PER_PANEL);
      rows[place] = Math.round((weights[input * outputs + output] ?? 0) / (scales[output] ?? 1));
    }
  }
  return { rows, scales };
}

/**
 * @param {Float32Array} weights
 * @param {number} outputs
 */
function columnScales(weights, outputs) {
  const scales = new Float32Array(outputs);
  for (let position = 0; position < weights.length; position++) {
    const output = position % outputs;
    scales[output] = Math.max(scales[output] ?? 0, Math.abs(weights[position] ?? 0) / LARGEST);
  }
  return scales;
}

/**
 * A table of `width` numbers a row, each row in steps of its own.
 * @param {Float32Array} table
 * @param {number} width
 */
export function quantiseRows(table, width) {
  const scales = new Float32Array(table.length / width);
  const rows = new Int8Array(table.length);
  for (const row of scales.keys()) {
    const numbers = table.subarray(row * width, (row + 1) * width);
    const scale = Math.fround(Math.max(...numbers.map(Math.abs)) / LARGEST) || 1;
    scales[row] = scale;
    rows.set(
      numbers.map((number) => Math.round(number / scale)),
      row * width,
    );
  }
  return { rows, scales };
}
