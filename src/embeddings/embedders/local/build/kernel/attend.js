// @ts-check
import { advance, define, f32, f32x4, get, i32, i32x4, loop, offset, set, splat, times, v128 } from "../wat.js";

/** What stands for minus infinity among scores: its exponential is 0 in any sum. */
const LOWEST = -1e30;

/** Vectors of four floats that are mixed at a time. */
const MIXED = 4;

const mixed = (/** @type {number} */ number) => `mixed${number}`;

/**
 * One head of attention: each token's output is the mean of all tokens' values, weighted by softmax(scale x query . key). Queries, keys and
 * values start at their head's first number, rowBytes apart; a head's width is a multiple of 16. `scores` has room for tokens + 3 floats.
 */
export const attend = define(
  "attend",
  {
    queries: "i32",
    keys: "i32",
    values: "i32",
    scores: "i32",
    output: "i32",
    tokens: "i32",
    headBytes: "i32",
    rowBytes: "i32",
    outputBytes: "i32",
    scale: "f32",
  },
  {
    token: "i32",
    other: "i32",
    position: "i32",
    score: "i32",
    key: "i32",
    value: "i32",
    scoreBytes: "i32",
    sum: "v128",
    sum1: "v128",
    largest: "v128",
    exponent: "v128",
    power: "v128",
    factors: "v128",
    ...Object.fromEntries(Array.from({ length: MIXED }, (_, number) => [mixed(number), "v128"])),
  },
  [
    set("scoreBytes", i32.mul(get("tokens"), i32.const(4))),
    loop("token", get("tokens"), 1, [
      scoreTokens(),
      exponentiate(),
      mixValues(),
      advance("queries", get("rowBytes")),
      advance("output", get("outputBytes")),
    ]),
  ],
);

/** scores = scale x query . key of every token, up to a multiple of four filled with LOWEST. */
function scoreTokens() {
  const product = (/** @type {number} */ bytes) =>
    f32x4.mul(
      v128.load(offset(bytes), i32.add(get("queries"), get("position"))),
      v128.load(offset(bytes), i32.add(get("key"), get("position"))),
    );
  return [
    set("key", get("keys")),
    loop("other", get("scoreBytes"), 4, [
      set("sum", splat(0)),
      set("sum1", splat(0)),
      loop("position", get("headBytes"), 32, [
        set("sum", f32x4.add(get("sum"), product(0))),
        set("sum1", f32x4.add(get("sum1"), product(16))),
      ]),
      set("sum", f32x4.add(get("sum"), get("sum1"))),
      f32.store(i32.add(get("scores"), get("other")), f32.mul(get("scale"), reduceLanes(f32.add, "sum"))),
      advance("key", get("rowBytes")),
    ]),
    v128.store(i32.add(get("scores"), get("scoreBytes")), splat(LOWEST)),
  ].join("\n");
}

/** scores = e^(score - the largest); factors = 1 / their sum. */
function exponentiate() {
  const fourScores = v128.load(get("score"));
  return [
    set("largest", splat(LOWEST)),
    loop("other", get("scoreBytes"), 16, [
      set("largest", f32x4.pmax(get("largest"), v128.load(i32.add(get("scores"), get("other"))))),
    ]),
    set("largest", f32x4.splat(reduceLanes(f32.max, "largest"))),
    set("sum", splat(0)),
    loop("other", get("scoreBytes"), 16, [
      set("score", i32.add(get("scores"), get("other"))),
      set("exponent", f32x4.sub(fourScores, get("largest"))),
      raiseE(),
      v128.store(get("score"), get("power")),
      set("sum", f32x4.add(get("sum"), get("power"))),
    ]),
    set("factors", f32x4.splat(f32.div(f32.const(1), reduceLanes(f32.add, "sum")))),
  ].join("\n");
}

/**
 * power = e^exponent for exponents up to 0, to 2 units in the last place: 2^n times a polynomial of what is left. The constants are those of
 * Cephes' expf (https://www.netlib.org/cephes/).
 */
function raiseE() {
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ];
  const polynomial = coefficients.map(splat).reduce((sum, next) => f32x4.add(f32x4.mul(sum, get("exponent")), next));
  const less = (/** @type {number} */ part) => f32x4.sub(get("exponent"), f32x4.mul(get("power"), splat(part)));
  const twoToTheN = i32x4.shl(
    i32x4.add(i32x4.trunc_sat_f32x4_s(get("power")), i32x4.splat(i32.const(127))),
    i32.const(23),
  );
  return [
    set("exponent", f32x4.max(get("exponent"), splat(-87))),
    set("power", f32x4.nearest(f32x4.mul(get("exponent"), splat(Math.LOG2E)))),
    // ln 2 in two parts, the first exact in few bits.
    set("exponent", less(0.693359375)),
    set("exponent", less(-2.1219444e-4)),
    set(
      "power",
      f32x4.mul(
        twoToTheN,
        f32x4.add(
          f32x4.add(f32x4.mul(f32x4.mul(polynomial, get("exponent")), get("exponent")), get("exponent")),
          splat(1),
        ),
      ),
    ),
  ].join("\n");
}

/** output = the sum over all tokens of factors x score x value. */
function mixValues() {
  return loop("position", get("headBytes"), 16 * MIXED, [
    times(MIXED, (number) => set(mixed(number), splat(0))),
    set("value", i32.add(get("values"), get("position"))),
    loop("other", get("scoreBytes"), 4, [
      set("sum", v128.load32_splat(i32.add(get("scores"), get("other")))),
      times(MIXED, (number) =>
        set(
          mixed(number),
          f32x4.add(get(mixed(number)), f32x4.mul(get("sum"), v128.load(offset(16 * number), get("value")))),
        ),
      ),
      advance("value", get("rowBytes")),
    ]),
    times(MIXED, (number) =>
      v128.store(
        offset(16 * number),
        i32.add(get("output"), get("position")),
        f32x4.mul(get("factors"), get(mixed(number))),
      ),
    ),
  ]);
}

/**
 * @param {import("../wat.js").Instruction} combine
 * @param {string} name
 */
function reduceLanes(combine, name) {
  const lane = (/** @type {number} */ number) => f32x4.extract_lane(number, get(name));
  return combine(combine(lane(0), lane(1)), combine(lane(2), lane(3)));
}
