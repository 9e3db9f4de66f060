import type { Clock } from "../../hub/look_up_places.ts";
import { CLOCK } from "../../hub/look_up_places.ts";
import type { LookUps } from "../../hub/look_up.ts";
import { BusyClock } from "./busy_clock.ts";
import type { Outcome } from "./job.ts";
import { Job } from "./job.ts";
import type { PoolLimits } from "./limits.ts";
import { lookUpFor } from "./look_up_for.ts";
import { Member } from "./member.ts";
import type { FromWorker, SentRequest } from "./messages.ts";
import { JobQueue } from "./queue.ts";
import type { StartThread } from "./thread.ts";

/** What a {@linkcode Pool} is made of. */
export interface PoolOptions {
  start: StartThread;
  /** Starts what stands in for workers, where not even the first one starts. */
  instead: StartThread;
  limits: PoolLimits;
  /** Null where no models may be looked up. */
  lookUps: LookUps | null;
  /** Milliseconds of processor time that the process has used. */
  processMs: () => number;
  clock?: Clock;
  /** Told what a client's request has cost, in milliseconds. */
  onSpent?: (client: string, milliseconds: number) => void;
  /** What a client has used lately; who has used least goes first. */
  spentBy?: (client: string) => number;
}

/**
 * A few workers that answer requests, each computing one at a time. A request
 * that computes for too long ends with its worker, which is replaced; those that
 * waited inside of it for a model are run again, for requests change nothing.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #clock: Clock;
  readonly #busy: BusyClock;
  readonly #queue: JobQueue;
  readonly #members = new Set<Member>();
  #jobs = 0;
  #hiring: (() => void) | null = null;
  #retiring: (() => void) | null = null;
  #wasReady = false;
  #isClosed = false;
  #start: StartThread;
  #workers: number;

  constructor(options: PoolOptions) {
    const { limits, clock = CLOCK, spentBy = () => 0 } = options;
    this.#options = options;
    this.#start = options.start;
    this.#workers = limits.workers;
    this.#clock = clock;
    this.#queue = new JobQueue(limits, clock, spentBy);
    this.#busy = new BusyClock(
      clock,
      options.processMs,
      () => this.#endLate(),
    );
    this.#hire();
  }

  /** Answers a request, in its turn. */
  run(
    request: SentRequest,
    signal?: AbortSignal,
    token?: string,
  ): Promise<Outcome> {
    const job = new Job(++this.#jobs, request, this.#clock.now(), token);
    if (signal?.aborted || this.#isClosed) job.settle({ kind: "left" });
    else if (!this.#queue.add(job)) job.settle({ kind: "full" });
    else {
      const leave = (): void => this.#leave(job);
      signal?.addEventListener("abort", leave, { once: true });
      void job.outcome.then(() => signal?.removeEventListener("abort", leave));
      this.#dispatch();
    }
    return job.outcome;
  }

  /** Ends all workers; who waits has left. */
  close(): void {
    this.#isClosed = true;
    this.#hiring?.();
    this.#retiring?.();
    for (const job of this.#queue.clear()) job.settle({ kind: "left" });
    for (const member of this.#members) {
      for (const job of member.held.values()) {
        this.#busy.stop(job);
        job.settle({ kind: "left" });
      }
      member.thread?.end();
    }
    this.#members.clear();
  }

  #dispatch(): void {
    for (const member of this.#members) {
      if (!member.isReady || member.computing) continue;
      const due = member.nextDue();
      const job = due?.job ?? this.#queue.next();
      if (!job) continue;
      member.held.set(job.id, job);
      member.computing = job;
      this.#busy.start(job);
      member.thread?.post(
        due?.message ?? { kind: "run", job: job.id, request: job.request },
      );
    }
    if (this.#queue.size > 0) this.#hireLater();
  }

  /** Starts another worker where requests have waited for a moment. */
  #hireLater(): void {
    const { hireMs } = this.#options.limits;
    const isStarting = [...this.#members].some(({ isReady }) => !isReady);
    if (isStarting || this.#hiring || this.#members.size >= this.#workers) {
      return;
    }
    if (this.#members.size === 0) return this.#hire();
    this.#hiring = this.#clock.after(hireMs, () => {
      this.#hiring = null;
      if (this.#queue.size > 0) this.#hire();
    });
  }

  #hire(): void {
    if (this.#isClosed) return;
    const member = new Member();
    this.#members.add(member);
    this.#busy.addOthers(1);
    try {
      member.thread = this.#start({
        onMessage: (message) => this.#hear(member, message),
        onEnd: (reason) => this.#lose(member, reason),
      });
    } catch (error) {
      this.#lose(member, error instanceof Error ? error.message : `${error}`);
    }
  }

  #hear(member: Member, message: FromWorker): void {
    if (!this.#members.has(member)) return;
    if (message.kind === "ready") {
      member.isReady = true;
      this.#wasReady = true;
      this.#busy.addOthers(-1);
      return this.#dispatch();
    }
    if (message.kind === "stopped") {
      return this.#end(member, { kind: "too long" });
    }
    const job = member.held.get(message.job);
    if (!job) return;
    switch (message.kind) {
      case "ask":
        void this.#ask(member, job, message);
        return;
      case "unask":
        return job.dropAsk(message.ask);
      case "waiting":
        if (job.isOver) this.#drop(member, job);
        else this.#pause(member, job);
        return this.#dispatch();
      case "answer":
        job.settle({ kind: "answered", answer: message.answer });
        this.#release(member, job);
        return this.#dispatch();
    }
  }

  async #ask(
    member: Member,
    job: Job,
    asked: FromWorker & { kind: "ask" },
  ): Promise<void> {
    const message = await lookUpFor(job, asked, this.#options);
    if (!message) return;
    member.due.push({ job, message });
    this.#dispatch();
  }

  #leave(job: Job): void {
    if (this.#queue.remove(job)) return job.settle({ kind: "left" });
    const member = [...this.#members].find(({ held }) => held.has(job.id));
    job.settle({ kind: "left" });
    if (!member) return;
    if (member.computing !== job) return this.#drop(member, job);
    this.#clock.after(this.#options.limits.graceMs, () => {
      if (member.computing === job) this.#end(member, { kind: "left" });
    });
  }

  /** Lets a worker forget a request that nobody waits for. */
  #drop(member: Member, job: Job): void {
    member.thread?.post({ kind: "leave", job: job.id });
    this.#release(member, job);
  }

  #pause(member: Member, job: Job): void {
    if (member.computing !== job) return;
    member.computing = null;
    member.idleSince = this.#clock.now();
    this.#busy.stop(job);
  }

  #release(member: Member, job: Job): void {
    this.#pause(member, job);
    member.held.delete(job.id);
    this.#options.onSpent?.(job.request.client, job.busyMs);
    if (this.#members.size > 1) this.#retireLater();
  }

  #endLate(): void {
    for (const member of this.#members) {
      const { computing } = member;
      if (computing && computing.busyMs >= this.#options.limits.busyMs) {
        this.#end(member, { kind: "too long" });
      }
    }
  }

  /** Ends a worker; the others that it was at are run again. */
  #end(member: Member, outcome: Outcome): void {
    if (!this.#members.delete(member)) return;
    const { limits, onSpent } = this.#options;
    const { computing, thread, held } = member;
    thread?.end();
    if (computing) {
      held.delete(computing.id);
      this.#busy.stop(computing);
      onSpent?.(computing.request.client, computing.busyMs);
      computing.settle(outcome);
      // Until its watchdog stops it, it goes on.
      this.#busy.addOthers(1);
      this.#clock.after(limits.watchdogMs, () => this.#busy.addOthers(-1));
    }
    for (const job of held.values()) {
      job.dropAsks();
      if (++job.losses >= limits.losses) job.settle({ kind: "broken" });
      else if (!this.#queue.add(job)) job.settle({ kind: "full" });
    }
    if (this.#members.size === 0) this.#hire();
    this.#dispatch();
  }

  /** A worker has ended by itself. */
  #lose(member: Member, reason: string): void {
    if (!this.#members.has(member)) return;
    if (member.isReady) {
      console.error(`A worker ended: ${reason}`);
      return this.#end(member, { kind: "broken" });
    }
    this.#members.delete(member);
    this.#busy.addOthers(-1);
    if (this.#wasReady) {
      console.error(`A worker did not start: ${reason}`);
      this.#clock.after(this.#options.limits.hireMs, () => this.#dispatch());
      return;
    }
    const { instead } = this.#options;
    if (this.#start === instead) {
      console.error(`Nothing can be computed here: ${reason}`);
      for (const job of this.#queue.clear()) job.settle({ kind: "broken" });
      return;
    }
    console.error(`Requests are computed in one thread: ${reason}`);
    this.#start = instead;
    this.#workers = 1;
    this.#hire();
  }

  /** Ends workers that have had nothing to do for a while, but the last. */
  #retireLater(): void {
    const { idleMs } = this.#options.limits;
    this.#retiring ??= this.#clock.after(idleMs, () => {
      this.#retiring = null;
      const latest = this.#clock.now() - idleMs;
      for (const member of [...this.#members].reverse()) {
        if (this.#members.size === 1) return;
        const isIdle = member.isReady && member.held.size === 0 &&
          member.idleSince <= latest;
        if (isIdle && this.#members.delete(member)) member.thread?.end();
      }
      if (this.#members.size > 1) this.#retireLater();
    });
  }
}
