/** What the pool takes on. */
export interface PoolLimits {
  /** Workers at most; more than one are started where requests wait. */
  workers: number;
  /** Milliseconds that a request waits before another worker is started. */
  hireMs: number;
  /** Milliseconds after which a worker without requests ends, but the last. */
  idleMs: number;
  /** Requests that wait; more are refused. */
  queue: number;
  /** Bytes that waiting requests hold; more are refused. */
  queueBytes: number;
  /** Milliseconds that a request waits before it is refused. */
  queueMs: number;
  /** Milliseconds of processor time that a request may take. */
  busyMs: number;
  /** Milliseconds of the clock after which a worker stops by itself. */
  watchdogMs: number;
  /** Milliseconds that a request goes on computing when its client has left. */
  graceMs: number;
  /** Workers that may end under a request before it is given up. */
  losses: number;
  /** Mebibytes of values that a worker may hold. */
  heapMebibytes: number;
}

/**
 * What an estimate may cost where nothing can end it (see `lib/ask/cost.ts`): about
 * 20 times the costliest model of the catalogue, a second or so.
 */
export const MAX_COST = 100_000;

/** The limits of the server, for so many processors. */
export function poolLimits(processors: number): PoolLimits {
  return {
    workers: Math.max(1, Math.min(processors, 4)),
    hireMs: 30,
    idleMs: 60_000,
    queue: 128,
    queueBytes: 64 * 1024 * 1024,
    queueMs: 10_000,
    busyMs: 2000,
    watchdogMs: 4000,
    graceMs: 300,
    losses: 3,
    heapMebibytes: 512,
  };
}
