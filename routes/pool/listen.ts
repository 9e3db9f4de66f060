import requestIdsText from "../request_ids.ts" with { type: "text" };
import bodyText from "../body.ts" with { type: "text" };
import type { Peer } from "./front.ts";
import listenerText from "./listener.ts" with { type: "text" };
import type {
  FromListener,
  HeardRequest,
  ToListener,
} from "./listener_messages.ts";
import type { SentAnswer } from "./messages.ts";
import { requestOf } from "../request_of.ts";
import { sentOf, streams } from "./sent.ts";

/** Requests that may be open at once; they hold little but their bodies. */
const MAX_OPEN = 1024;

/** What answers requests, as `Deno.serve` takes it. */
export type Answer = (
  request: Request,
  peer: Peer,
) => Response | Promise<Response>;

/** A server that listens. */
export type Listening = Pick<Deno.HttpServer, "shutdown">;

/**
 * Listens in a thread of its own, which goes on answering whether the server is
 * there while this one computes; in this thread where there can be no other.
 *
 * @throws {Error} With the name of Deno's error where it cannot listen.
 */
export async function listen(
  answer: Answer,
  { port, health, busy }: { port: number; health: Response; busy: Response },
): Promise<Listening> {
  const worker = await startListener();
  if (!worker) return Deno.serve({ port }, answer);
  const said = new Hearing(worker, answer);
  said.tell({
    kind: "listen",
    port,
    health: await sentOf(health),
    busy: await sentOf(busy),
    maxOpen: MAX_OPEN,
  });
  await said.listening;
  return said;
}

/** Null where a worker cannot be had. */
async function startListener(): Promise<Worker | null> {
  try {
    const worker = new Worker(
      inText(
        listenerText
          .replaceAll('"../body.ts"', JSON.stringify(inText(bodyText)))
          .replaceAll(
            '"../request_ids.ts"',
            JSON.stringify(inText(requestIdsText)),
          ),
      ),
      { type: "module", name: "listener" },
    );
    const { promise, resolve } = Promise.withResolvers<Worker | null>();
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(null);
    };
    return await promise;
  } catch {
    return null;
  }
}

/** A module by its text: what a worker loads so need not be readable. */
function inText(text: string): string {
  return `data:application/typescript,${encodeURIComponent(text)}`;
}

class Hearing implements Listening {
  readonly #worker: Worker;
  readonly #answer: Answer;
  readonly #listening = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #open = new Map<number, AbortController>();
  readonly #streams = new Map<
    number,
    ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  >();

  constructor(worker: Worker, answer: Answer) {
    this.#worker = worker;
    this.#answer = answer;
    worker.onmessage = ({ data }: MessageEvent<FromListener>) =>
      this.#hear(data);
    // A server that listens no more ends, so that whoever watches it sees that.
    worker.onerror = null;
  }

  get listening(): Promise<void> {
    return this.#listening.promise;
  }

  tell(message: ToListener, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  async shutdown(): Promise<void> {
    this.tell({ kind: "end" });
    await this.#ended.promise;
    this.#worker.terminate();
  }

  #hear(message: FromListener): void {
    switch (message.kind) {
      case "listening":
        return this.#listening.resolve();
      case "failed": {
        const error = new Error(message.message);
        error.name = message.name;
        return this.#listening.reject(error);
      }
      case "request":
        return void this.#take(message.id, message.request);
      case "wants":
        return void this.#sendPiece(message.id);
      case "left":
        this.#open.get(message.id)?.abort();
        void this.#streams.get(message.id)?.cancel().catch(() => {});
        this.#streams.delete(message.id);
        return;
      case "ended":
        return this.#ended.resolve();
    }
  }

  async #take(id: number, heard: HeardRequest): Promise<void> {
    const over = new AbortController();
    this.#open.set(id, over);
    const { remoteAddr, problem } = heard;
    const request = requestOf(heard, over.signal);
    let answer: SentAnswer;
    try {
      const response = await this.#answer(request, { remoteAddr, problem });
      if (response.body && streams(response)) {
        return this.#stream(id, response, response.body);
      }
      answer = await sentOf(response);
    } catch (error) {
      console.error(error);
      answer = { status: 500, headers: [], body: null };
    }
    this.#open.delete(id);
    this.tell(
      { kind: "answer", id, answer },
      answer.body ? [answer.body.buffer] : [],
    );
  }

  /** Sends the beginning of an answer; its client asks for the rest. */
  #stream(
    id: number,
    { status, headers }: Response,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): void {
    this.#streams.set(id, body.getReader());
    const answer = { status, headers: [...headers], body: null };
    this.tell({ kind: "answer", id, answer: { ...answer, streams: true } });
  }

  async #sendPiece(id: number): Promise<void> {
    const reader = this.#streams.get(id);
    const next = await reader?.read().catch((error) => {
      console.error(error);
    });
    const piece = next?.done === false ? next.value : null;
    if (piece === null) {
      this.#streams.delete(id);
      this.#open.delete(id);
    }
    this.tell({ kind: "piece", id, piece });
  }
}
