import type { Job } from "./job.ts";
import type { ToWorker } from "./messages.ts";
import type { Thread } from "./thread.ts";

/** One worker, as the pool sees it. */
export class Member {
  thread: Thread | null = null;
  /** Whether it has started. */
  isReady = false;
  /** The one request that it computes now. */
  computing: Job | null = null;
  /** All requests that it is at, those too that wait for a model. */
  readonly held = new Map<number, Job>();
  /** What it is told when it has nothing to compute. */
  readonly due: { job: Job; message: ToWorker }[] = [];
  /** Since when it has had nothing to do, in milliseconds. */
  idleSince = 0;

  /** The next of its requests that can go on. */
  nextDue(): { job: Job; message: ToWorker } | undefined {
    for (;;) {
      const next = this.due.shift();
      if (!next || !next.job.isOver) return next;
    }
  }
}
