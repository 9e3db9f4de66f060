import type { SentAnswer } from "./messages.ts";

/** A request as the listening thread hands it on. */
export interface HeardRequest {
  method: string;
  url: string;
  headers: [name: string, value: string][];
  body: Uint8Array<ArrayBuffer> | null;
  remoteAddr: Deno.Addr;
  /** Why its body could not be read. */
  problem?: { status: 400 | 408 | 503; message: string };
}

/** What the listening thread is told. */
export type ToListener =
  | {
    kind: "listen";
    port: number;
    /** The answer to who asks whether the server is there. */
    health: SentAnswer;
    /** The answer where too many requests are open. */
    busy: SentAnswer;
    /** Requests that may be open at once. */
    maxOpen: number;
  }
  | { kind: "answer"; id: number; answer: SentAnswer }
  /** The next piece of a body; null at its end. */
  | { kind: "piece"; id: number; piece: Uint8Array<ArrayBuffer> | null }
  /** Take no more requests, and answer those that are open. */
  | { kind: "end" };

/** What the listening thread tells. */
export type FromListener =
  | { kind: "loaded" }
  | { kind: "listening" }
  /** It cannot listen. */
  | { kind: "failed"; name: string; message: string }
  | { kind: "request"; id: number; request: HeardRequest }
  /** The client takes another piece of an answer that streams. */
  | { kind: "wants"; id: number }
  /** The client has left. */
  | { kind: "left"; id: number }
  | { kind: "ended" };
