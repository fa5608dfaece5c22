// @ts-check
import { places } from "./layout.js";
import { INPUT_WIDTH, MAX_TOKENS, PIECES, WIDTH } from "./shape.js";

/**
 * The two ends of the graph: from pieces to the first layer, and from the last layer to a vector.
 * @param {ArrayBufferLike} memory
 * @param {import("./layout.js").Workspace} work
 */
export function createEnds(memory, work) {
  const rows = new Int8Array(memory, places.embeddings.rows, PIECES * INPUT_WIDTH);
  const scales = new Float32Array(memory, places.embeddings.scales, PIECES);
  const positions = new Float32Array(memory, places.positions, MAX_TOKENS * INPUT_WIDTH);
  const input = new Float32Array(memory, work.input, MAX_TOKENS * INPUT_WIDTH);
  const stream = new Float32Array(memory, work.stream, MAX_TOKENS * WIDTH);
  const average = new Float32Array(memory, work.attended, WIDTH);
  const output = new Float32Array(memory, work.output, WIDTH);

  /**
   * work.input = embedding + position, a row a token.
   * @param {readonly number[]} pieces
   */
  function readTokens(pieces) {
    for (const [token, piece] of pieces.entries()) {
      const scale = scales[piece] ?? 0;
      const row = piece * INPUT_WIDTH;
      const place = token * INPUT_WIDTH;
      for (let number = 0; number < INPUT_WIDTH; number++) {
        input[place + number] = scale * (rows[row + number] ?? 0) + (positions[place + number] ?? 0);
      }
    }
  }

  /**
   * The first row of work.attended = the mean of the tokens in work.stream.
   * @param {number} tokens
   */
  function averageTokens(tokens) {
    average.fill(0);
    for (let place = 0; place < tokens * WIDTH; place++) {
      const number = place % WIDTH;
      average[number] = (average[number] ?? 0) + (stream[place] ?? 0) / tokens;
    }
  }

  /** The hyperbolic tangents of work.output, scaled to length 1. */
  function readVector() {
    const vector = Float32Array.from(output, Math.tanh);
    let squares = 0;
    for (const value of vector) squares += value * value;
    const length = Math.sqrt(squares);
    return vector.map((value) => value / length);
  }

  return { readTokens, averageTokens, readVector };
}
