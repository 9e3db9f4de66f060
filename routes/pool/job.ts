import type { SentAnswer, SentRequest } from "./messages.ts";

/** What comes of a request. */
export type Outcome =
  | { kind: "answered"; answer: SentAnswer }
  /** There were too many before it. */
  | { kind: "full" }
  /** It computed for too long, and was ended. */
  | { kind: "too long" }
  /** Its worker broke, or had not memory enough for it. */
  | { kind: "broken" }
  /** Its client has left. */
  | { kind: "left" };

/** One request on its way through the pool. */
export class Job {
  readonly id: number;
  readonly request: SentRequest;
  /** Of a visitor who has signed in; no worker is told. */
  readonly token: string | undefined;
  /** When it came, in milliseconds. */
  readonly since: number;
  busyMs = 0;
  /** Workers that ended under it. */
  losses = 0;
  /** Its open questions. */
  readonly asks = new Map<number, AbortController>();
  readonly outcome: Promise<Outcome>;
  readonly #resolve: (outcome: Outcome) => void;
  isOver = false;

  constructor(
    id: number,
    request: SentRequest,
    since: number,
    token?: string,
  ) {
    this.token = token;
    this.id = id;
    this.request = request;
    this.since = since;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
  }

  /** Bytes that it holds while it waits. */
  get bytes(): number {
    const { url, body } = this.request;
    return url.length + (body?.byteLength ?? 0);
  }

  /** Says what came of it; the first word counts. */
  settle(outcome: Outcome): void {
    this.isOver = true;
    this.dropAsks();
    this.#resolve(outcome);
  }

  /** Nobody waits for the answer to one of its questions any more. */
  dropAsk(ask: number): void {
    this.asks.get(ask)?.abort();
    this.asks.delete(ask);
  }

  /** Nobody waits for what it has asked any more. */
  dropAsks(): void {
    for (const stop of this.asks.values()) stop.abort();
    this.asks.clear();
  }
}
