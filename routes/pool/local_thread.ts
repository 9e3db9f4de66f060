import type { LookUps } from "../../hub/look_up.ts";
import { AskedLookUps, serveJobs } from "./job_loop.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { StartThread } from "./thread.ts";

/** What answers requests, given where models are asked for. */
export type LoadApplication = (
  lookUps: LookUps,
) => Promise<(request: Request) => Response | Promise<Response>>;

/**
 * Stands in for workers where there can be none: computes in this very thread,
 * under the same watchdog.
 */
export function localThreads(
  load: LoadApplication,
  watchdogMs: number,
): StartThread {
  return ({ onMessage, onEnd }) => {
    let isOver = false;
    let hear: (message: ToWorker) => void = () => {};
    const postMessage = (message: FromWorker): void => {
      setImmediate(() => {
        if (!isOver) onMessage(message);
      });
    };
    load(new AskedLookUps(postMessage)).then((answerTo) =>
      serveJobs(
        {
          on: (listener) => hear = listener,
          postMessage,
        },
        answerTo,
        { watchdogMs, ownsThread: false },
      )
    ).catch((error) => onEnd(String(error)));
    return {
      post: (message) => hear(message),
      end: () => {
        isOver = true;
      },
    };
  };
}
