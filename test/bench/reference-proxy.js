// R: the least that an AI gateway on node:http and undici must do, done plainly. Reads the JSON body, sets another model and another key,
// relays the answer chunk by chunk with backpressure, and cancels the upstream when the client leaves. No routing, no log, no plugins.
// With --plain the body and the key pass untouched.
//
//   node reference-proxy.js --port N --upstream http://127.0.0.1:M [--plain]
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Pool } from "undici";

const { values } = parseArgs({
  options: { port: { type: "string" }, upstream: { type: "string" }, plain: { type: "boolean", default: false } },
});
const pool = new Pool(values.upstream, { connections: 2048, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

const HOP_BY_HOP = ["host", "connection", "keep-alive", "transfer-encoding", "te", "upgrade"];
const NOT_SENT_ON = new Set(values.plain ? HOP_BY_HOP : [...HOP_BY_HOP, "content-length", "authorization"]);
const NOT_SENT_BACK = /^(connection|keep-alive|transfer-encoding)$/i;

const server = createServer({ noDelay: true, keepAlive: false }, (request, response) => {
  if (values.plain) {
    pass(request, request, response);
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => relay(request, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), response));
});
server.keepAliveTimeout = 75_000;
server.requestTimeout = 0;
server.headersTimeout = 0;
server.listen({ port: Number(values.port), host: "127.0.0.1", backlog: 4096 });

function relay(request, body, response) {
  const call = JSON.parse(body);
  call.model = "upstream-model";
  pass(request, JSON.stringify(call), response);
}

function pass(request, body, response) {
  const answer = new Answer(response);
  response.on("close", () => {
    if (!response.writableFinished) answer.abort?.();
  });
  const { url: path, method } = request;
  pool.dispatch({ path, method, headers: headersOf(request.rawHeaders), body }, answer);
}

function headersOf(raw) {
  const headers = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!NOT_SENT_ON.has(raw[i].toLowerCase())) headers.push(raw[i], raw[i + 1]);
  }
  if (!values.plain) headers.push("authorization", "Bearer sk-upstream-key");
  return headers;
}

/** undici's handler, written straight to the client's response. */
class Answer {
  constructor(response) {
    this.response = response;
    this.abort = null;
    this.resume = null;
  }

  onConnect(abort) {
    this.abort = abort;
    if (this.response.destroyed) abort();
  }

  onHeaders(status, raw, resume) {
    if (status < 200) return true;
    this.resume = resume;
    const headers = [];
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i].latin1Slice();
      if (!NOT_SENT_BACK.test(name)) headers.push(name, raw[i + 1].latin1Slice());
    }
    this.response.writeHead(status, headers);
    return true;
  }

  onData(chunk) {
    if (this.response.write(chunk)) return true;
    this.response.once("drain", this.resume);
    return false;
  }

  onComplete() {
    this.response.end();
  }

  onError() {
    if (this.response.headersSent) this.response.destroy();
    else this.response.writeHead(502).end('{"error":{"message":"upstream"}}');
  }
}
