// @ts-check
import { ROWS_PER_TILE } from "../../encoder/layout.js";
import { COLUMNS_PER_PANEL } from "../quantise.js";
import { advance, define, f32x4, get, i32, i32x4, loop, offset, set, splat, times, v128 } from "../wat.js";

/** Two vectors of four 32-bit sums cover the eight columns of a panel. */
const HALVES = COLUMNS_PER_PANEL / 4;

/** Bytes of one pair of inputs: in a tile of activations, four rows of two 16-bit integers; in a panel of weights, eight columns of two 8-bit integers. */
const PAIR_BYTES = 16;

const sum = (/** @type {number} */ row, /** @type {number} */ half) => `sum${row}${half}`;
const eachSum = (/** @type {(row: number, half: number) => string | readonly string[]} */ make) =>
  times(ROWS_PER_TILE, (row) => times(HALVES, (half) => make(row, half)));

/**
 * output = activations x weights + bias, for `rows` rows; rows is a multiple of 4, inputs of 4, outputs of 8. With `rectify` negative results
 * become 0; with `accumulate` they are added to what output holds. A panel of weights (some KB) stays in the first cache while all tiles pass.
 */
export const multiply = define(
  "multiply",
  {
    activations: "i32",
    rowScales: "i32",
    weights: "i32",
    columnScales: "i32",
    bias: "i32",
    output: "i32",
    rows: "i32",
    inputs: "i32",
    outputs: "i32",
    rectify: "i32",
    accumulate: "i32",
  },
  {
    column: "i32",
    row: "i32",
    pair: "i32",
    columnBytes: "i32",
    panelBytes: "i32",
    tile: "i32",
    activation: "i32",
    weight: "i32",
    result: "i32",
    factors: "v128",
    weights0: "v128",
    weights1: "v128",
    value: "v128",
    ...Object.fromEntries(
      Array.from({ length: ROWS_PER_TILE * HALVES }, (_, index) => [sum(index >> 1, index & 1), "v128"]),
    ),
  },
  [
    set("panelBytes", i32.mul(get("inputs"), i32.const(COLUMNS_PER_PANEL))),
    loop("column", get("outputs"), COLUMNS_PER_PANEL, [
      set("columnBytes", i32.mul(get("column"), i32.const(4))),
      set("tile", get("activations")),
      loop("row", get("rows"), ROWS_PER_TILE, [multiplyTile(), storeTile(), advance("tile", get("panelBytes"))]),
      advance("weights", get("panelBytes")),
    ]),
  ],
);

/** Leaves in the sums the dot products of four rows with eight columns. */
function multiplyTile() {
  return [
    eachSum((row, half) => set(sum(row, half), "(v128.const i32x4 0 0 0 0)")),
    loop("pair", get("panelBytes"), PAIR_BYTES, [
      set("activation", i32.add(get("tile"), get("pair"))),
      set("weight", i32.add(get("weights"), get("pair"))),
      set("weights0", v128.load8x8_s(get("weight"))),
      set("weights1", v128.load8x8_s(offset(8), get("weight"))),
      times(ROWS_PER_TILE, (row) => [
        set("value", v128.load32_splat(offset(4 * row), get("activation"))),
        times(HALVES, (half) =>
          set(sum(row, half), i32x4.add(get(sum(row, half)), i32x4.dot_i16x8_s(get("value"), get(`weights${half}`)))),
        ),
      ]),
    ]),
  ].join("\n");
}

/** Takes the sums back to floats and puts them where they belong. */
function storeTile() {
  const atColumn = (/** @type {string} */ list, /** @type {number} */ half) =>
    v128.load(offset(16 * half), i32.add(get(list), get("columnBytes")));
  return [
    set("result", i32.add(get("output"), i32.add(get("columnBytes"), i32.mul(get("row"), outputBytes())))),
    times(ROWS_PER_TILE, (row) => [
      set("factors", v128.load32_splat(offset(4 * row), i32.add(get("rowScales"), i32.mul(get("row"), i32.const(4))))),
      times(HALVES, (half) => [
        set(
          "value",
          f32x4.mul(
            f32x4.convert_i32x4_s(get(sum(row, half))),
            f32x4.mul(get("factors"), atColumn("columnScales", half)),
          ),
        ),
        set("value", f32x4.add(get("value"), atColumn("bias", half))),
        `(if ${get("rectify")} (then ${set("value", f32x4.pmax(splat(0), get("value")))}))`,
        `(if ${get("accumulate")} (then ${set("value", f32x4.add(get("value"), v128.load(offset(16 * half), get("result"))))}))`,
        v128.store(offset(16 * half), get("result"), get("value")),
      ]),
      advance("result", outputBytes()),
    ]),
  ].join("\n");
}

function outputBytes() {
  return i32.mul(get("outputs"), i32.const(4));
}
