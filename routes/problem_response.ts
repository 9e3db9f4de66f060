import type { Problem } from "../lib/mod.ts";
import { refusalOf } from "../lib/scenario/refusal.ts";

/** The statuses with which a request is refused. */
export type RefusedStatus =
  | 400
  | 404
  | 405
  | 408
  | 413
  | 414
  | 422
  | 429
  | 500
  | 503;

/**
 * Refuses a request of a program: `{"error": {"path", "message"}}`, the one
 * shape of every status.
 *
 * @param problems What is wrong; a text is about no field.
 */
export function problemResponse(
  status: RefusedStatus,
  problems: string | readonly Problem[],
  headers: Record<string, string> = {},
): Response {
  return Response.json(
    refusalOf(
      typeof problems === "string"
        ? [{ path: "", message: problems }]
        : problems,
    ),
    { status, headers: { ...headers, "Cache-Control": "no-store" } },
  );
}

/** Whether a path is one that programs ask for. */
export function isForPrograms(path: string): boolean {
  return path === "/api" || path.startsWith("/api/") ||
    path === "/scenario.json";
}
