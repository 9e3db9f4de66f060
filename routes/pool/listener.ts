/**
 * The thread that listens. It answers whether the server is there, reads bodies
 * and hands requests on, whatever the thread that started it is at.
 *
 * It is started from its text, for which no file need be readable: it imports
 * nothing but what {@link ./listen.ts} sets in.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { ReadBody } from "../body.ts";
import { requestIdOf } from "../request_ids.ts";
import { Bodies } from "../body.ts";
import type { FromListener, ToListener } from "./listener_messages.ts";
import type { SentAnswer } from "./messages.ts";

const bodies = new Bodies({
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
});
const CLOSE: [name: string, value: string] = ["connection", "close"];
const open = new Map<number, (answer: SentAnswer) => void>();
const streams = new Map<
  number,
  (piece: Uint8Array<ArrayBuffer> | null) => void
>();
let server: Deno.HttpServer | null = null;
let requests = 0;

self.onmessage = ({ data }: MessageEvent<ToListener>) => {
  if (data.kind === "answer") open.get(data.id)?.(data.answer);
  else if (data.kind === "piece") streams.get(data.id)?.(data.piece);
  else if (data.kind === "listen") listen(data);
  else void end();
};
tell({ kind: "loaded" });

function listen(
  { port, health, busy, maxOpen }: ToListener & { kind: "listen" },
): void {
  try {
    server = Deno.serve({ port }, (request, { remoteAddr }) => {
      if (isAboutHealth(request)) return readyFor(request, health);
      if (open.size + streams.size >= maxOpen) return readyFor(request, busy);
      return handOn(request, remoteAddr);
    });
    tell({ kind: "listening" });
  } catch (error) {
    const { name, message } = error instanceof Error
      ? error
      : { name: "Error", message: String(error) };
    tell({ kind: "failed", name, message });
  }
}

async function end(): Promise<void> {
  await server?.shutdown();
  tell({ kind: "ended" });
}

function isAboutHealth({ method, url }: Request): boolean {
  return (method === "GET" || method === "HEAD") &&
    URL.parse(url)?.pathname === "/healthz";
}

async function handOn(
  request: Request,
  remoteAddr: Deno.Addr,
): Promise<Response> {
  const id = ++requests;
  const { promise, resolve } = Promise.withResolvers<SentAnswer>();
  open.set(id, resolve);
  request.signal.addEventListener("abort", () => {
    if (open.has(id)) tell({ kind: "left", id });
    resolve({ status: 503, headers: [], body: null });
  }, { once: true });
  try {
    const answered = await bodies.use(request, async (read) => {
      // Who left while the body came was not told of, and is not waited for.
      if (!request.signal.aborted) ask(id, request, remoteAddr, read);
      const answer = await promise;
      // The rest of a body that nobody reads is not waited for.
      return read.ok
        ? answer
        : { ...answer, headers: [...answer.headers, CLOSE] };
    });
    return answered.streams
      ? responseOf(answered, piecesOf(id))
      : responseOf(answered);
  } finally {
    open.delete(id);
  }
}

function ask(
  id: number,
  { method, url, headers }: Request,
  remoteAddr: Deno.Addr,
  read: ReadBody,
): void {
  const body = read.ok ? read.body : null;
  const problem = read.ok
    ? {}
    : { problem: { status: read.status, message: read.message } };
  tell({
    kind: "request",
    id,
    request: {
      method,
      url,
      headers: [...headers],
      body,
      remoteAddr,
      ...problem,
    },
  }, body ? [body.buffer] : []);
}

/** An answer that was worked out beforehand, with the id of this request. */
function readyFor(request: Request, answer: SentAnswer): Response {
  const response = responseOf(answer);
  response.headers.set("X-Request-Id", requestIdOf(request));
  return response;
}

function responseOf(
  { status, headers, body }: SentAnswer,
  pieces: ReadableStream<Uint8Array<ArrayBuffer>> | null = null,
): Response {
  return new Response(pieces ?? body, { status, headers });
}

/** A body that comes piece by piece, each once the client takes it. */
function piecesOf(id: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      streams.set(id, (piece) => {
        if (piece) return controller.enqueue(piece);
        streams.delete(id);
        controller.close();
      });
    },
    pull() {
      tell({ kind: "wants", id });
    },
    cancel() {
      streams.delete(id);
      tell({ kind: "left", id });
    },
  }, { highWaterMark: 0 });
}

function tell(message: FromListener, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}
