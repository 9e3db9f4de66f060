import type { AskOptions, LookUp } from "../../hub/look_up.ts";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";

/** A request as it is sent to a worker. */
export interface SentRequest {
  method: string;
  url: string;
  headers: [name: string, value: string][];
  body: Uint8Array<ArrayBuffer> | null;
  /** Whose request it is, as far as that is known; "" where it is not. */
  client: string;
}

/** An answer as it comes from a worker. */
export interface SentAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array<ArrayBuffer> | null;
  /** Whether its body comes piece by piece, as it is asked for. */
  streams?: true;
}

/** What a worker is told when it is started. */
export interface WorkerData {
  /** Whether models may be looked up. */
  hasHub: boolean;
  tables: TablesConfig;
  /** Milliseconds after which the worker itself stops what it computes. */
  watchdogMs: number;
}

/** What a worker is told. */
export type ToWorker =
  | { kind: "run"; job: number; request: SentRequest }
  /** What was found out for one of its questions. */
  | { kind: "found"; job: number; ask: number; lookUp: LookUp | null }
  /** Nobody waits for this answer any more. */
  | { kind: "leave"; job: number };

/** What a worker tells. */
export type FromWorker =
  | { kind: "ready" }
  | {
    kind: "ask";
    job: number;
    ask: number;
    name: string;
    options: AskOptions;
  }
  /** It does not wait for that any more. */
  | { kind: "unask"; job: number; ask: number }
  /** There is nothing to compute until a question is answered. */
  | { kind: "waiting"; job: number }
  | { kind: "answer"; job: number; answer: SentAnswer }
  /** It stopped what it computed, and is of no use any more. */
  | { kind: "stopped" };
