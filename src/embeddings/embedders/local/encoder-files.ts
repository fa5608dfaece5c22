import { open, readFile } from "node:fs/promises";
import { EmbeddingError } from "../../embedding-error.ts";
import { FILE_BYTES, fingerprint, pagesFor, places } from "./encoder/layout.js";

/** What the threads of a pool share: the weights with room for each thread's work, and the compiled inner loops. */
export interface EncoderParts {
  readonly memory: WebAssembly.Memory;
  readonly kernel: WebAssembly.Module;
}

/** Where the build puts its two files. */
const FOLDER = new URL("./data/", import.meta.url);

/** Takes some 10 ms and 7 MB. Throws EmbeddingError when the files are missing or of another version of gw. */
export async function openEncoderFiles(threads: number, folder = FOLDER): Promise<EncoderParts> {
  const pages = pagesFor(threads);
  const memory = new WebAssembly.Memory({ shared: true, initial: pages, maximum: pages });
  try {
    const [kernel] = await Promise.all([
      WebAssembly.compile(await readFile(new URL("encoder.wasm", folder))),
      readInto(memory, new URL("encoder.bin", folder)),
    ]);
    return { memory, kernel };
  } catch (error) {
    if (error instanceof EmbeddingError) throw error;
    throw unusable("could not be read");
  }
}

/** Straight into the shared memory: a copy on the way would be 7 MB that the process keeps. */
async function readInto(memory: WebAssembly.Memory, file: URL): Promise<void> {
  const bytes = new Uint8Array(memory.buffer, 0, FILE_BYTES);
  const handle = await open(file);
  try {
    for (let read = 0; read < FILE_BYTES; ) {
      const { bytesRead } = await handle.read(bytes, read, FILE_BYTES - read, read);
      if (bytesRead === 0) throw unusable("end too early");
      read += bytesRead;
    }
  } finally {
    await handle.close();
  }
  const expected = fingerprint();
  const found = Buffer.from(bytes.slice(places.fingerprint, places.fingerprint + expected.length));
  if (!found.equals(expected)) throw unusable("are of another version");
}

function unusable(what: string): EmbeddingError {
  return new EmbeddingError(
    `The weights of the local encoder ${what}. Install gw again, or in a checkout run \`npm run build\`.`,
  );
}
