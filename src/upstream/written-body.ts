import { Readable } from "node:stream";

/** As much as a connection takes at once: whether more is taken shows piece by piece. In bytes. */
const PIECE_BYTES = 64 * 1024;

/** A large body in pieces, because undici tells nothing of how a buffer is written; undefined when it is small. */
export function inPieces(body: Buffer): Readable | undefined {
  if (body.length <= PIECE_BYTES) return undefined;
  let position = 0;
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      const piece = body.subarray(position, position + PIECE_BYTES);
      position += PIECE_BYTES;
      this.push(piece.length === 0 ? null : piece);
    },
  });
}
