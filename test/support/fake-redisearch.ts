import { readRecordedReplies } from "./recorded-replies.ts";
import { array, bulk, failure, integer, ok, type RespHandler } from "./resp-server.ts";

/**
 * RediSearch 2.10 as far as gw uses it. The commands and replies of fixtures/redis are its model: a search command whose shape was not
 * recorded is refused and kept in `refused`, and a test plays the whole recording to it and expects the same bytes.
 */
export interface FakeRediSearch {
  readonly handle: RespHandler;
  readonly refused: readonly string[];
}

interface SearchIndex {
  readonly prefix: string;
  readonly dimensions: number;
  readonly isCosine: boolean;
}

type Command = (...args: Buffer[]) => string;

const recording = readRecordedReplies("redisearch-2.10-resp2.json");

export function createFakeRediSearch(): FakeRediSearch {
  const indexes = new Map<string, SearchIndex>();
  const hashes = new Map<string, Map<string, Buffer>>();
  const strings = new Map<string, string>();
  const refused: string[] = [];

  const documentsOf = ({ prefix }: SearchIndex): [string, Map<string, Buffer>][] =>
    [...hashes].filter(([key]) => key.startsWith(prefix));

  const commands: Readonly<Record<string, Command>> = {
    "FT._LIST": () => array([...indexes.keys()].map((name) => `+${name}\r\n`)),
    "FT.CREATE"(name, ...words) {
      if (indexes.has(String(name))) return failure("Index already exists");
      indexes.set(String(name), {
        prefix: String(after(words, "1")),
        dimensions: Number(after(words, "DIM")),
        isCosine: String(after(words, "DISTANCE_METRIC")) === "COSINE",
      });
      return ok;
    },
    "FT.DROPINDEX"(name, deleteDocuments) {
      const index = indexes.get(String(name));
      if (index === undefined) return failure("Unknown Index name");
      if (deleteDocuments !== undefined) for (const [key] of documentsOf(index)) hashes.delete(key);
      indexes.delete(String(name));
      return ok;
    },
    "FT.SEARCH"(name, query, ...words) {
      const index = indexes.get(String(name));
      if (index === undefined) return failure(`No such index ${String(name)}`);
      const count = Number(/KNN (\d+)/u.exec(String(query))?.[1]);
      return searchNearest(index, documentsOf(index), count, words);
    },
    HSET(key, ...pairs) {
      const hash = hashes.get(String(key)) ?? new Map<string, Buffer>();
      const sizeBefore = hash.size;
      for (let index = 0; index < pairs.length; index += 2) {
        hash.set(String(pairs[index]), pairs[index + 1] ?? Buffer.alloc(0));
      }
      hashes.set(String(key), hash);
      return integer(hash.size - sizeBefore);
    },
    GET(key) {
      const value = strings.get(String(key));
      return value === undefined ? "$-1\r\n" : bulk(value);
    },
    SET(key, value) {
      strings.set(String(key), String(value));
      return ok;
    },
    UNLINK: (key) => integer(Number(hashes.delete(String(key)) || strings.delete(String(key)))),
    SCAN(_cursor, _match, pattern) {
      const prefix = String(pattern).slice(0, -1);
      const found = [...hashes.keys(), ...strings.keys()].filter((key) => key.startsWith(prefix));
      return array([bulk("0"), array(found.map(bulk))]);
    },
    INFO: () => bulk("loading:0\r\n"),
    CLIENT: () => ok,
  };

  const refuse = (words: readonly Buffer[]): string => {
    refused.push(shapeOf(words));
    return failure("ERR not among the recorded commands");
  };

  return {
    refused,
    handle([name = Buffer.alloc(0), ...args]) {
      const words = [name, ...args];
      const command = commands[String(name).toUpperCase()];
      const recorded = recording.find((entry) =>
        entry.command.every((word, index) => word.equals(words[index] ?? name)),
      );
      if (String(name) === "COMMAND" && recorded !== undefined) return recorded.reply;
      if (command === undefined || (isSearch(words) && !recordedShapes.has(shapeOf(words)))) return refuse(words);
      return command(...args);
    },
  };
}

function searchNearest(
  index: SearchIndex,
  documents: readonly (readonly [string, ReadonlyMap<string, Buffer>])[],
  count: number,
  words: readonly Buffer[],
): string {
  const query = after(words, "v");
  const size = index.dimensions * 4;
  if (query.length !== size) {
    const sizes = `query vector blob size (${query.length}) does not match index's expected size (${size})`;
    return failure(`Error parsing vector similarity query: ${sizes}.`);
  }
  const fields = words.slice(words.findIndex((word) => String(word) === "RETURN") + 2).map(String);
  const nearest = documents
    .flatMap(([key, hash]) => {
      const vector = hash.get("vector");
      if (vector?.length !== size) return [];
      return [
        { key, target: String(hash.get("target")), distance: distanceBetween(index, floats(vector), floats(query)) },
      ];
    })
    .sort((a, b) => (a.distance < b.distance ? -1 : Number(a.distance > b.distance)))
    .slice(0, count)
    .map(({ key, target, distance }) => {
      const pairs = [bulk("distance"), bulk(printDistance(distance))];
      return bulk(key) + array(fields.includes("target") ? [...pairs, bulk("target"), bulk(target)] : pairs);
    });
  return `*${nearest.length * 2 + 1}\r\n${integer(nearest.length)}${nearest.join("")}`;
}

/** In 32-bit floats, as RediSearch computes it. */
function distanceBetween(index: SearchIndex, a: Float32Array, b: Float32Array): number {
  if (!index.isCosine) return a.reduce((sum, x, at) => Math.fround(sum + Math.fround((x - (b[at] ?? 0)) ** 2)), 0);
  const [u, v] = [normalise(a), normalise(b)];
  return Math.fround(1 - u.reduce((sum, x, at) => Math.fround(sum + Math.fround(x * (v[at] ?? 0))), 0));
}

function normalise(vector: Float32Array): Float32Array {
  const length = Math.fround(Math.sqrt(vector.reduce((sum, x) => Math.fround(sum + Math.fround(x * x)), 0)));
  return vector.map((x) => x / length);
}

function printDistance(distance: number): string {
  return Number.isNaN(distance) ? "-nan" : String(Number(distance.toPrecision(12)));
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function after(words: readonly Buffer[], mark: string): Buffer {
  return words[words.findIndex((word) => String(word) === mark) + 1] ?? Buffer.alloc(0);
}

function isSearch(words: readonly Buffer[]): boolean {
  const name = String(words[0]);
  return name.startsWith("FT.") || name === "HSET" || name === "COMMAND";
}

/** Beside what was recorded: an HNSW index, made with the same words (https://redis.io/docs/latest/develop/ai/search-and-query/vectors/). */
const recordedShapes: ReadonlySet<string> = new Set(
  recording.flatMap(({ command }) => [shapeOf(command), shapeOf(command).replace("VECTOR FLAT 6", "VECTOR HNSW 6")]),
);

/** The command with its names, ids, vectors and numbers replaced by what they are; every other word counts. */
function shapeOf(words: readonly Buffer[]): string {
  const text = words.map(String);
  return text.map((word, at) => nameOf(text, at) ?? word.replace(/KNN \d+/u, "KNN <n>")).join(" ");
}

function nameOf(words: readonly string[], at: number): string | undefined {
  const [command, before] = [words[0], words[at - 1]];
  if (at === 1 && (command === "HSET" || command?.startsWith("FT."))) return "<name>";
  if (words[at - 2] === "PREFIX") return "<prefix>";
  if (before === "DIM" || words[at - 2] === "LIMIT") return "<n>";
  if (before === "DISTANCE_METRIC") return "<metric>";
  if (command === "HSET" && before === "target") return "<id>";
  if (before === "v" || (command === "HSET" && before === "vector")) return "<vector>";
  return undefined;
}
