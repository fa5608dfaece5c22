// @ts-check
import { readFile } from "node:fs/promises";
import { pagesFor } from "../../src/embeddings/embedders/local/encoder/layout.js";

const DATA = new URL("../../src/embeddings/embedders/local/data/", import.meta.url);

/** The encoder's files, with room for as many workspaces, for use in this thread. */
export async function openEncoder(workspaces = 1) {
  const [weights, kernel] = await Promise.all([
    readFile(new URL("encoder.bin", DATA)),
    WebAssembly.compile(await readFile(new URL("encoder.wasm", DATA))),
  ]);
  const pages = pagesFor(workspaces);
  const memory = new WebAssembly.Memory({ shared: true, initial: pages, maximum: pages });
  new Uint8Array(memory.buffer).set(weights);
  return { memory, kernel, thread: 0 };
}
