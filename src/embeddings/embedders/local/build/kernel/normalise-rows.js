// @ts-check
import { advance, define, f32, f32x4, get, i32, loop, set, splat, v128 } from "../wat.js";

/** The graph's. */
const EPSILON = 1e-6;

/** Layer normalisation: each row less its mean, divided by its standard deviation, times gain, plus bias. */
export const normaliseRows = define(
  "normalise_rows",
  { floats: "i32", gain: "i32", bias: "i32", output: "i32", rows: "i32", width: "i32" },
  { row: "i32", position: "i32", widthBytes: "i32", sum: "v128", mean: "v128", scale: "v128" },
  [
    set("widthBytes", i32.mul(get("width"), i32.const(4))),
    loop("row", get("rows"), 1, [
      sumOver(at("floats")),
      set("mean", f32x4.splat(average())),
      sumOver(f32x4.mul(difference(), difference())),
      set("scale", f32x4.splat(f32.div(f32.const(1), f32.sqrt(f32.add(average(), f32.const(EPSILON)))))),
      loop("position", get("widthBytes"), 16, [
        v128.store(
          i32.add(get("output"), get("position")),
          f32x4.add(f32x4.mul(f32x4.mul(difference(), get("scale")), at("gain")), at("bias")),
        ),
      ]),
      advance("floats", get("widthBytes")),
      advance("output", get("widthBytes")),
    ]),
  ],
);

/** Four floats of a list at `position`. */
function at(/** @type {string} */ list) {
  return v128.load(i32.add(get(list), get("position")));
}

function difference() {
  return f32x4.sub(at("floats"), get("mean"));
}

function sumOver(/** @type {string} */ value) {
  return [
    set("sum", splat(0)),
    loop("position", get("widthBytes"), 16, [set("sum", f32x4.add(get("sum"), value))]),
  ].join("\n");
}

function average() {
  return f32.div(sumOfLanes("sum"), f32.convert_i32_u(get("width")));
}

function sumOfLanes(/** @type {string} */ name) {
  const lane = (/** @type {number} */ number) => f32x4.extract_lane(number, get(name));
  return f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3)));
}
