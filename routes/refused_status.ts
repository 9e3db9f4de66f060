/** The statuses with which a request is refused. */
export type RefusedStatus =
  | 400
  | 403
  | 404
  | 405
  | 408
  | 413
  | 414
  | 422
  | 429
  | 500
  | 502
  | 503;

/** Whether a path is one that programs ask for. */
export function isForPrograms(path: string): boolean {
  return path === "/api" || path.startsWith("/api/") ||
    path.startsWith("/gradio_api/") || path === "/mcp" ||
    path === "/scenario.json";
}
