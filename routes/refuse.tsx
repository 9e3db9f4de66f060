import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { refusalOf } from "../lib/scenario/refusal.ts";
import { Refused, RefusedPage } from "../templates/refused_page.tsx";
import type { RefusedStatus } from "./refused_status.ts";
import { isForPrograms } from "./refused_status.ts";

/**
 * Refuses a request that is at fault as a whole, in the shape of whoever asks:
 * JSON for programs, a fragment for a page that swaps it in, else a page.
 */
export function refuse(
  c: Context,
  status: RefusedStatus,
  message: string,
  headers: Record<string, string> = {},
): Response | Promise<Response> {
  if (isForPrograms(c.req.path) || wantsJson(c)) {
    return c.json(refusalOf([{ path: "", message }]), status, headers);
  }
  const view = isLive(c)
    ? <Refused status={status} message={message} />
    : <RefusedPage status={status} message={message} />;
  return c.html(view, status, headers);
}

/** Whether a page asked without leaving itself. */
export function isLive(c: Context): boolean {
  return c.req.header("HX-Request") === "true";
}

function wantsJson(c: Context): boolean {
  const accept = c.req.header("Accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/html");
}

/** Answers what was thrown on the way to an answer. */
export function withoutAnswer(
  error: Error,
  c: Context,
): Response | Promise<Response> {
  if (error instanceof HTTPException) {
    return refuse(c, error.status as RefusedStatus, error.message);
  }
  console.error(error);
  return refuse(c, 500, "Something broke here; the scenario was not at fault");
}
