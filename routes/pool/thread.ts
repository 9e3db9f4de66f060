import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerData } from "./messages.ts";

/** A running worker. */
export interface Thread {
  post(message: ToWorker, transfer?: ArrayBuffer[]): void;
  /** Ends it, whatever it is at. */
  end(): void;
}

/** What is told of a {@linkcode Thread}. */
export interface ThreadEvents {
  onMessage(message: FromWorker): void;
  /** It has ended by itself: it broke, or had not memory enough. */
  onEnd(reason: string): void;
}

/** Starts a worker. */
export type StartThread = (events: ThreadEvents) => Thread;

/** Starts workers of a script, each with so much memory for its values. */
export function threadsOf(
  script: URL,
  data: WorkerData,
  { heapMebibytes }: { heapMebibytes: number },
): StartThread {
  return ({ onMessage, onEnd }) => {
    // A web worker may have fewer permissions, but no limit of memory: when it
    // has filled it, the whole process dies.
    const worker = new Worker(script, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: heapMebibytes },
    });
    let isOver = false;
    const over = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      onEnd(reason);
    };
    worker.on("message", (message: FromWorker) => {
      if (!isOver) onMessage(message);
    });
    worker.on("error", (error: Error) => over(error.message));
    worker.on("exit", () => over("it ended"));
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end() {
        isOver = true;
        void worker.terminate();
      },
    };
  };
}
