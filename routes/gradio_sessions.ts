import { LRUCache } from "lru-cache";
import type { Fetch } from "./access_log.ts";
import { PREFIX } from "./gradio/prefix.ts";
import type { GradioMessage } from "./gradio/events.ts";
import { CLOSE, streamOf } from "./gradio/events.ts";

const JOIN = `${PREFIX}/queue/join`;
const DATA = `${PREFIX}/queue/data`;

/** Characters of all answers that wait, and of one session's. */
const MAX_LENGTH = 8 * 1024 ** 2;
const MAX_SESSION_LENGTH = 512 * 1024;
/** Milliseconds for which an answer waits to be fetched. */
const WAITS_MS = 60_000;
/** Longest body in which a session is looked for: what the API takes. */
const MAX_BODY = 1024 ** 2;
const SESSION = /"session_hash"\s*:\s*"([^"\\]{1,128})"/;

/** What an application answers to `queue/join`. */
interface Joined {
  event_id: string;
  session_hash: string;
  messages: GradioMessage[];
}

/**
 * Keeps what Gradio's clients fetch with a second request. It stands before
 * whatever estimates, since two requests of a session may meet different
 * workers.
 */
export function gradioSessions<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
): Fetch<Rest> {
  const waiting = new LRUCache<string, string>({
    maxSize: MAX_LENGTH,
    maxEntrySize: MAX_SESSION_LENGTH,
    sizeCalculation: (text, key) => text.length + key.length,
    ttl: WAITS_MS,
  });
  const underWay = new UnderWay();
  return async (request, ...rest) => {
    const url = URL.parse(request.url);
    if (request.method === "POST" && url?.pathname === JOIN) {
      const copy = request.clone();
      const answer = Promise.resolve(fetch(request, ...rest));
      return await underWay.add(
        copy,
        answer.then((response) => joined(response, waiting)),
      );
    }
    const session = request.method === "GET" && url?.pathname === DATA
      ? url.searchParams.get("session_hash")
      : null;
    if (session === null) return await fetch(request, ...rest);
    // A client takes the stream's end for that of all that it has asked.
    await underWay.none(session);
    const told = waiting.get(session);
    const response = await fetch(request, ...rest);
    if (told === undefined || response.status !== 200) return response;
    await response.body?.cancel();
    waiting.delete(session);
    const headers = new Headers(response.headers);
    headers.delete("Content-Length");
    return new Response(told + streamOf([CLOSE]), { headers });
  };
}

/** The questions of each session that are being answered. */
class UnderWay {
  readonly #bySession = new Map<string, Set<Promise<Response>>>();

  /** @param copy The request, of which its session is read. */
  async add(copy: Request, answer: Promise<Response>): Promise<Response> {
    const reader = copy.body?.pipeThrough(new TextDecoderStream()).getReader();
    const stop = () => reader?.cancel().catch(() => {});
    // Whoever answers knows when to give up on a body.
    answer.then(stop, stop);
    const session = reader ? await sessionIn(reader) : null;
    if (session === null) return await answer;
    const own = this.#bySession.get(session) ?? new Set();
    this.#bySession.set(session, own.add(answer));
    try {
      return await answer;
    } finally {
      own.delete(answer);
      if (own.size === 0) this.#bySession.delete(session);
    }
  }

  /** Settles when nothing of a session is being answered. */
  async none(session: string): Promise<void> {
    for (;;) {
      const own = this.#bySession.get(session);
      if (own === undefined) return;
      await Promise.allSettled(own);
    }
  }
}

async function sessionIn(
  reader: ReadableStreamDefaultReader<string>,
): Promise<string | null> {
  let text = "";
  try {
    while (text.length <= MAX_BODY) {
      const { done, value } = await reader.read();
      if (done) return text.match(SESSION)?.[1] ?? null;
      text += value;
    }
  } catch {
    // Its sender broke off, which the answer says.
  }
  await reader.cancel().catch(() => {});
  return null;
}

/** Takes the messages off an answer, for later. */
async function joined(
  response: Response,
  waiting: LRUCache<string, string>,
): Promise<Response> {
  if (response.status !== 200) return response;
  const { event_id, session_hash, messages }: Joined = JSON.parse(
    await plainText(response),
  );
  const told = streamOf(messages);
  const before = waiting.get(session_hash) ?? "";
  // Who joins and never listens loses what came first.
  const fits = before.length + told.length <= MAX_SESSION_LENGTH;
  waiting.set(session_hash, fits ? before + told : told);
  const headers = new Headers(response.headers);
  for (const name of ["Content-Length", "Content-Encoding"]) {
    headers.delete(name);
  }
  return Response.json({ event_id }, { headers });
}

function plainText(response: Response): Promise<string> {
  const packed = response.headers.get("Content-Encoding");
  return packed === "gzip" && response.body
    ? new Response(response.body.pipeThrough(new DecompressionStream("gzip")))
      .text()
    : response.text();
}
