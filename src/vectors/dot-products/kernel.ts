/** kernel.wat as a module; a test compiles it again. */
const MODULE = Buffer.from(
  "AGFzbQEAAAABCAFgBH9/f38AAwIBAAUDAQABBxECBm1lbW9yeQIABGRvdHMAAAqZAgGWAgICfwR7IAMgAUECdGohBQNA/QwAAAAAAAAAAAAAAAAAAAAAIQb9DAAAAAAAAAAAAAAAAAAAAAAhB/0MAAAAAAAAAAAAAAAAAAAAACEI/QwAAAAAAAAAAAAAAAAAAAAAIQlBACEEA0AgBiAE/QAEACAA/QAEAP3mAf3kASEGIAcgBP0ABBAgAP0ABBD95gH95AEhByAIIAT9AAQgIAD9AAQg/eYB/eQBIQggCSAE/QAEMCAA/QAEMP3mAf3kASEJIARBwABqIQQgAEHAAGohACAEIAJJDQALIAYgB/3kASAIIAn95AH95AEhBiADIAb9HwAgBv0fAZIgBv0fAiAG/R8DkpI4AgAgA0EEaiEDIAMgBUkNAAsL",
  "base64",
);

/** One memory, and the products of what lies in it. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** See kernel.wat; all in bytes but `count`. */
  dots(rows: number, count: number, bytes: number, out: number): void;
}

let compiled: WebAssembly.Module | undefined;

export function openKernel(): Kernel {
  compiled ??= new WebAssembly.Module(MODULE);
  return new WebAssembly.Instance(compiled, {}).exports as unknown as Kernel;
}
