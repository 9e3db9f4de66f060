import { AsyncLocalStorage } from "node:async_hooks";
import type { MessagePort } from "node:worker_threads";
import { CALLER } from "../../hub/caller.ts";
import type { LookUp, LookUps } from "../../hub/look_up.ts";
import type {
  FromWorker,
  SentAnswer,
  SentRequest,
  ToWorker,
} from "./messages.ts";
import { requestOf } from "../request_of.ts";
import { sentOf } from "./sent.ts";
import { watched, watchesPromises } from "./watchdog.ts";

/** One request that a worker is at. */
interface Job {
  id: number;
  /** Its open questions. */
  asks: Map<number, (lookUp: LookUp | null) => void>;
  over: AbortController;
}

/** Which request the code that runs works for. */
const JOB = new AsyncLocalStorage<Job>();

/** The look-ups of a worker: it asks whoever has started it. */
export class AskedLookUps implements LookUps {
  readonly #post: (message: FromWorker) => void;
  #asks = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  ask: LookUps["ask"] = (name, options) => {
    const job = JOB.getStore();
    if (!job) return Promise.resolve(null);
    const ask = ++this.#asks;
    const { promise, resolve } = Promise.withResolvers<LookUp | null>();
    job.asks.set(ask, resolve);
    this.#post({ kind: "ask", job: job.id, ask, name, options });
    const { signal } = CALLER.getStore() ?? {};
    signal?.addEventListener("abort", () => {
      if (!job.asks.delete(ask)) return;
      this.#post({ kind: "unask", job: job.id, ask });
      resolve(null);
    }, { once: true });
    return promise;
  };
}

/** Where a worker hears and tells. */
export interface JobPort {
  on(listener: (message: ToWorker) => void): void;
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
}

/**
 * Answers the requests that come over a port, several at once where they wait
 * for models. What takes too long is stopped, and the port is told.
 *
 * @param options.ownsThread Whether nothing else runs in this thread, so that
 *   its timers too may be watched.
 */
export function serveJobs(
  port: JobPort,
  answerTo: (request: Request) => Response | Promise<Response>,
  { watchdogMs, ownsThread = true }: {
    watchdogMs: number;
    ownsThread?: boolean;
  },
): void {
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  const jobs = new Map<number, Job>();
  const turn = (work: () => void): void => {
    if (!watched(work, watchdogMs)) post({ kind: "stopped" });
  };
  if (ownsThread) watchTimers(turn);

  const run = async (job: Job, request: SentRequest): Promise<void> => {
    const answer = await sent(answerTo, requestOf(request, job.over.signal));
    if (!jobs.delete(job.id)) return;
    const { body } = answer;
    post({ kind: "answer", job: job.id, answer }, body ? [body.buffer] : []);
  };

  const take = (message: ToWorker): void => {
    if (message.kind === "run") {
      const job: Job = {
        id: message.job,
        asks: new Map(),
        over: new AbortController(),
      };
      jobs.set(job.id, job);
      void JOB.run(job, run, job, message.request);
      return;
    }
    const job = jobs.get(message.job);
    if (!job) return;
    if (message.kind === "leave") {
      jobs.delete(job.id);
      job.over.abort();
      for (const resolve of job.asks.values()) resolve(null);
      return;
    }
    const resolve = job.asks.get(message.ask);
    job.asks.delete(message.ask);
    resolve?.(message.lookUp);
  };

  const tellWaiting = (id: number): void => {
    const job = jobs.get(id);
    if (job && job.asks.size > 0) post({ kind: "waiting", job: id });
  };

  port.on((message) =>
    // A message is handed over inside of a promise, which the watchdog is not.
    setImmediate(() => {
      turn(() => take(message));
      if (watchesPromises) tellWaiting(message.job);
      else setImmediate(tellWaiting, message.job);
    })
  );
  post({ kind: "ready" });
}

/** Timers go by the watchdog too. */
function watchTimers(turn: (work: () => void) => void): void {
  const plain = globalThis.setTimeout;
  const later = (
    run: (...args: unknown[]) => void,
    milliseconds?: number,
    ...args: unknown[]
  ): unknown => plain(() => turn(() => run(...args)), milliseconds);
  globalThis.setTimeout = later as unknown as typeof setTimeout;
}

async function sent(
  answerTo: (request: Request) => Response | Promise<Response>,
  request: Request,
): Promise<SentAnswer> {
  try {
    return await sentOf(await answerTo(request));
  } catch (error) {
    console.error(error);
    return { status: 500, headers: [], body: null };
  }
}

/** The port of a thread of its own to whoever has started it. */
export function jobPort(
  port: Pick<MessagePort, "on" | "postMessage">,
): JobPort {
  return {
    on: (listener) => port.on("message", listener),
    postMessage: (message, transfer) => port.postMessage(message, transfer),
  };
}
