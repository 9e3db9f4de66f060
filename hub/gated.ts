import { HubRefusal } from "./hub_error.ts";

/** Refusals that another account may not meet. */
const GATED = new WeakSet<object>();

/** Whether the Hub shows a model to those alone who have been let in. */
export function isGate(error: unknown): boolean {
  return error instanceof HubRefusal &&
    (error.code === "GatedRepo" || (error.status === 403 && error.code === ""));
}

/** Remembers of a result that it is such a refusal. */
export function markGated(result: object): void {
  GATED.add(result);
}

/** Whether a result is such a refusal. */
export function isGated(result: object): boolean {
  return GATED.has(result);
}
