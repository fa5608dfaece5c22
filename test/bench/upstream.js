// A provider made to cost as little as possible, so that what is measured is the gateway: HTTP/1.1 by hand on node:net.
//
//   node upstream.js        prints `ready PORT`
//
// POST …/chat/completions   JSON, or SSE for a body with "stream": true
// POST …/embeddings         vectors that depend on the text alone, as floats or base64
// anything else             a small JSON answer
// POST /__config            { chunks, gapMs }: how streams go from now on
// GET  /__seen              { authorization, model, openStreams }: of the last chat
import { createServer } from "node:net";

const ANSWER = "lorem ipsum dolor sit amet ".repeat(15).slice(0, 400);
const config = { chunks: 20, gapMs: 20 };
const seen = { authorization: "", model: "", openStreams: 0 };
const vectors = new Map();

const server = createServer({ noDelay: true }, serve);
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(`ready ${server.address().port}`));

function serve(socket) {
  let unread = Buffer.alloc(0);
  let isBusy = false;
  const next = () => {
    while (!isBusy) {
      const request = takeRequest(unread);
      if (request === undefined) return;
      unread = unread.subarray(request.end);
      isBusy = true;
      answer(socket, request, () => {
        isBusy = false;
        setImmediate(next);
      });
    }
  };
  socket.on("data", (data) => {
    unread = unread.length === 0 ? data : Buffer.concat([unread, data]);
    next();
  });
  // Clients leave as they like: that is part of what is measured.
  socket.on("error", () => {});
}

/** Bodies have a length, or come in chunks; undefined while one is not complete. */
function takeRequest(bytes) {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.latin1Slice(0, headEnd);
  const path = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
  if (/\r\ntransfer-encoding: ?chunked/i.test(head)) return takeChunks(bytes, headEnd + 4, { head, path });
  const length = Number(/\r\ncontent-length: ?(\d+)/i.exec(head)?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return bytes.length < end ? undefined : { head, path, body: bytes.utf8Slice(headEnd + 4, end), end };
}

function takeChunks(bytes, start, request) {
  let body = "";
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.latin1Slice(at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (bytes.length < at) return undefined;
    if (size === 0) return { ...request, body, end: at };
    body += bytes.utf8Slice(lineEnd + 2, lineEnd + 2 + size);
  }
}

function answer(socket, { head, path, body }, done) {
  if (path === "/__config") Object.assign(config, JSON.parse(body));
  if (path.startsWith("/__")) return sendJson(socket, JSON.stringify(seen), done);
  if (path.endsWith("/embeddings")) return sendJson(socket, embeddings(JSON.parse(body)), done);
  if (!path.endsWith("/chat/completions")) return sendJson(socket, '{"hello":"world"}', done);
  seen.authorization = /\r\nauthorization: ?([^\r]*)/i.exec(`${head}\r\n`)?.[1] ?? "";
  seen.model = /"model" ?: ?"([^"]*)"/.exec(body)?.[1] ?? "";
  if (/"stream" ?: ?true/.test(body)) return sendStream(socket, done);
  return sendJson(socket, completion(seen.model), done);
}

function sendJson(socket, body, done) {
  const length = Buffer.byteLength(body);
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
  done();
}

function completion(model) {
  const choices = `[{"index":0,"message":{"role":"assistant","content":"${ANSWER}"},"logprobs":null,"finish_reason":"stop"}]`;
  const usage = '{"prompt_tokens":57,"completion_tokens":100,"total_tokens":157}';
  return `{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"${model}","choices":${choices},"usage":${usage}}`;
}

function sendStream(socket, done) {
  const { chunks, gapMs } = config;
  const frame = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const start = `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"${seen.model}","choices":[{"index":0,`;
  let sent = 0;
  let timer;
  const onClose = () => {
    clearTimeout(timer);
    seen.openStreams -= 1;
  };
  const step = () => {
    if (sent < chunks) {
      socket.write(frame(`${start}"delta":{"content":"token${sent} "},"finish_reason":null}]}\n\n`));
      sent += 1;
      timer = setTimeout(step, gapMs);
      return;
    }
    socket.off("close", onClose);
    onClose();
    socket.write(`${frame(`${start}"delta":{},"finish_reason":"stop"}]}\n\n`)}${frame("data: [DONE]\n\n")}0\r\n\r\n`);
    done();
  };
  seen.openStreams += 1;
  socket.once("close", onClose);
  socket.write(
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\ncache-control: no-cache\r\n\r\n",
  );
  step();
}

function embeddings({ input, dimensions = 1536, model, encoding_format: format }) {
  const texts = Array.isArray(input) ? input : [input];
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, dimensions);
    const embedding = format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  return JSON.stringify({ object: "list", data, model, usage: { prompt_tokens: 8, total_tokens: 8 } });
}

/** A unit vector from the text's FNV-1a hash. */
function vectorOf(text, dimensions) {
  const key = `${dimensions} ${text}`;
  const known = vectors.get(key);
  if (known !== undefined) return known;
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  const vector = Float32Array.from({ length: dimensions }, () => {
    hash = (Math.imul(hash ^ (hash >>> 15), 2246822507) + 0x9e3779b9) | 0;
    return (hash >>> 0) / 2 ** 32 - 0.5;
  });
  const length = Math.hypot(...vector);
  const unit = vector.map((value) => value / length);
  if (vectors.size < 5000) vectors.set(key, unit);
  return unit;
}
