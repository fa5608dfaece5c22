// @ts-check
import wabt from "wabt";
import { attend } from "./kernel/attend.js";
import { multiply } from "./kernel/multiply.js";
import { normaliseRows } from "./kernel/normalise-rows.js";
import { quantiseRows } from "./kernel/quantise-rows.js";

/** Any memory fits that is shared: its size is the importer's business. */
const MODULE = `(module
(import "encoder" "memory" (memory 1 65536 shared))
${multiply}
${quantiseRows}
${normaliseRows}
${attend})`;

/** The bytes of data/encoder.wasm: the encoder's inner loops. Throws where they are not valid. */
export async function makeKernel() {
  const toolkit = await wabt();
  const { buffer } = toolkit.parseWat("encoder.wat", MODULE, { simd: true, threads: true }).toBinary({});
  await WebAssembly.compile(buffer);
  return buffer;
}
