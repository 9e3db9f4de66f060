import { AsyncLocalStorage } from "node:async_hooks";

/** Whoever a look-up is for. */
export interface Caller {
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
  /** Callers of one client share what is given to it; "" where it is not known. */
  client?: string | undefined;
  /** The token of a visitor who has signed in. */
  token?: string | undefined;
  /** Told when the Hub is asked for a model on its behalf. */
  onLookUp?: (() => void) | undefined;
  /** What an estimate may cost, where it cannot be ended once it has begun. */
  maxCost?: number | undefined;
}

/**
 * Who asks, for code that runs on somebody's behalf: what a request started is
 * stopped with it, without every function between them passing that on.
 */
export const CALLER: AsyncLocalStorage<Caller> = new AsyncLocalStorage();
