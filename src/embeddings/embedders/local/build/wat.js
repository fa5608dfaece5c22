// @ts-check
// WebAssembly text from JavaScript that reads like the arithmetic: f32.add(get("a"), f32.const(1)) is "(f32.add (local.get $a) (f32.const 1))".

/** @typedef {string} Code */
/** @typedef {(...operands: (Code | number)[]) => Code} Instruction */

export const i32 = instructions("i32", ["add", "mul", "const", "lt_u"]);
export const f32 = instructions("f32", ["add", "div", "max", "mul", "sqrt", "const", "convert_i32_u", "store"]);
export const v128 = instructions("v128", ["load", "load8x8_s", "load32_splat", "store", "store32_lane"]);
export const i16x8 = instructions("i16x8", ["narrow_i32x4_s"]);
export const i32x4 = instructions("i32x4", ["add", "dot_i16x8_s", "shl", "splat", "trunc_sat_f32x4_s"]);
export const f32x4 = instructions("f32x4", [
  "abs",
  "add",
  "convert_i32x4_s",
  "extract_lane",
  "max",
  "mul",
  "nearest",
  "pmax",
  "splat",
  "sub",
]);

/**
 * The instructions of a type that the kernel uses: https://webassembly.github.io/spec/core/text/instructions.html
 * @template {string} Name
 * @param {string} type
 * @param {readonly Name[]} names
 * @returns {Readonly<Record<Name, Instruction>>}
 */
function instructions(type, names) {
  const written = names.map((name) => [
    name,
    (/** @type {unknown[]} */ ...operands) => `(${type}.${name} ${operands.join(" ")})`,
  ]);
  return Object.fromEntries(written);
}

export const get = (/** @type {string} */ name) => `(local.get $${name})`;
export const set = (/** @type {string} */ name, /** @type {Code} */ value) => `(local.set $${name} ${value})`;

/** The same number in all four lanes. */
export const splat = (/** @type {number} */ number) => f32x4.splat(f32.const(number));

/** The operand `offset=16` of a load or store: bytes that cost nothing to add. */
export const offset = (/** @type {number} */ bytes) => `offset=${bytes}`;

/** Adds to a local 32-bit integer. */
export const advance = (/** @type {string} */ name, /** @type {Code} */ by) => set(name, i32.add(get(name), by));

/** What `make` writes for 0, 1, … below `count`. */
export const times = (/** @type {number} */ count, /** @type {(index: number) => Code | readonly Code[]} */ make) =>
  Array.from({ length: count }, (_, index) => [make(index)].flat().join("\n")).join("\n");

/**
 * Runs the body with `counter` = 0, step, 2 step, … while it is below `end`; at least once.
 * @param {string} counter
 * @param {Code} end
 * @param {number} step
 * @param {readonly Code[]} body
 */
export const loop = (counter, end, step, body) => `
  ${set(counter, i32.const(0))}
  (loop $each_${counter}
    ${body.join("\n")}
    ${advance(counter, i32.const(step))}
    (br_if $each_${counter} ${i32.lt_u(get(counter), end)}))`;

/**
 * An exported function without a result.
 * @param {string} name
 * @param {Readonly<Record<string, "i32" | "f32">>} parameters
 * @param {Readonly<Record<string, "i32" | "f32" | "v128">>} locals
 * @param {readonly Code[]} body
 */
export const define = (name, parameters, locals, body) => `
(func (export "${name}") ${declare("param", parameters)}
  ${declare("local", locals)}
  ${body.join("\n")})`;

/**
 * @param {"param" | "local"} keyword
 * @param {Readonly<Record<string, string>>} types
 */
function declare(keyword, types) {
  return Object.entries(types)
    .map(([name, type]) => `(${keyword} $${name} ${type})`)
    .join(" ");
}
