import type { Clock } from "../../hub/look_up_places.ts";
import type { Job } from "./job.ts";
import type { PoolLimits } from "./limits.ts";

/** The requests that wait for a worker. */
export class JobQueue {
  readonly #limits: Pick<PoolLimits, "queue" | "queueBytes" | "queueMs">;
  readonly #clock: Clock;
  readonly #spentBy: (client: string) => number;
  readonly #waiting = new Map<Job, () => void>();
  #bytes = 0;

  /** @param spentBy Processor time that a client has used; the least goes first. */
  constructor(
    limits: Pick<PoolLimits, "queue" | "queueBytes" | "queueMs">,
    clock: Clock,
    spentBy: (client: string) => number,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#spentBy = spentBy;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Lets a request wait, unless there are too many. */
  add(job: Job): boolean {
    const { queue, queueBytes, queueMs } = this.#limits;
    if (this.size >= queue || this.#bytes + job.bytes > queueBytes) {
      return false;
    }
    const callOff = this.#clock.after(queueMs, () => {
      if (this.remove(job)) job.settle({ kind: "full" });
    });
    this.#waiting.set(job, callOff);
    this.#bytes += job.bytes;
    return true;
  }

  /** Takes a request out; false where it does not wait. */
  remove(job: Job): boolean {
    const callOff = this.#waiting.get(job);
    if (!callOff) return false;
    callOff();
    this.#waiting.delete(job);
    this.#bytes -= job.bytes;
    return true;
  }

  /** Takes out the request whose turn it is. */
  next(): Job | undefined {
    let best: Job | undefined;
    let least = Infinity;
    for (const job of this.#waiting.keys()) {
      const spent = this.#spentBy(job.request.client);
      if (spent >= least) continue;
      best = job;
      least = spent;
    }
    if (best) this.remove(best);
    return best;
  }

  /** Takes out all. */
  clear(): Job[] {
    const all = [...this.#waiting.keys()];
    for (const job of all) this.remove(job);
    return all;
  }
}
