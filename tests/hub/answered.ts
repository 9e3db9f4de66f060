import type { Hono } from "hono";

/**
 * Asks the application for an address until it does not wait for a look-up any
 * more: how long one takes depends on what else the machine does.
 */
export async function answered(app: Hono, path: string): Promise<Response> {
  while (true) {
    const response = await app.request(path);
    if (response.status !== 202) return response;
    await response.body?.cancel();
  }
}
