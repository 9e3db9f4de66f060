import type {
  FromWorker,
  SentAnswer,
  SentRequest,
  ToWorker,
} from "../../../routes/pool/messages.ts";
import type { StartThread, ThreadEvents } from "../../../routes/pool/thread.ts";

/** A worker that does what a test says. */
export class FakeThread {
  readonly told: ToWorker[] = [];
  isEnded = false;
  readonly #events: ThreadEvents;

  constructor(events: ThreadEvents) {
    this.#events = events;
  }

  says(message: FromWorker): void {
    this.#events.onMessage(message);
  }

  breaks(reason: string): void {
    this.#events.onEnd(reason);
  }

  /** Answers the request with a path, which it has been told to run. */
  answers(path: string, status = 200): void {
    this.says({ kind: "answer", job: this.jobOf(path), answer: said(status) });
  }

  /** The job of the request with a path. */
  jobOf(path: string): number {
    const run = this.told.findLast((each) =>
      each.kind === "run" && each.request.url === url(path)
    );
    if (!run) throw new Error(`${path} is not run here`);
    return run.job;
  }

  /** The paths of the requests that it has been told to run. */
  get runs(): string[] {
    return this.told.flatMap((each) =>
      each.kind === "run" ? [new URL(each.request.url).pathname] : []
    );
  }
}

/** Workers that do what a test says; each is ready when it says so. */
export function fakeThreads(): {
  start: StartThread;
  threads: FakeThread[];
} {
  const threads: FakeThread[] = [];
  return {
    threads,
    start(events) {
      const thread = new FakeThread(events);
      threads.push(thread);
      return {
        post: (message) => thread.told.push(message),
        end: () => {
          thread.isEnded = true;
        },
      };
    },
  };
}

/** A request for a path. */
export function asked(path: string, more: Partial<SentRequest> = {}) {
  return {
    method: "GET",
    url: url(path),
    headers: [],
    body: null,
    client: "",
    ...more,
  };
}

function url(path: string): string {
  return new URL(path, "http://localhost").href;
}

function said(status: number): SentAnswer {
  return { status, headers: [], body: null };
}
