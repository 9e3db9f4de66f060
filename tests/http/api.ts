import { assertMatch } from "@std/assert";
import { app } from "../../app.ts";

const PATH = "/api/v1/estimate?fit=all";

/** An answer of the door for programs. */
export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Sends a scenario's text. */
export async function post(body: BodyInit, headers = {}): Promise<Reply> {
  return await replyOf(
    await app.request(PATH, { method: "POST", body, headers }),
  );
}

/** Asks for a form's query. */
export async function get(query: string): Promise<Reply> {
  return await replyOf(await app.request(`${PATH}&${query}`));
}

async function replyOf(response: Response): Promise<Reply> {
  const { status, headers } = response;
  assertMatch(headers.get("content-type") ?? "", /^application\/json\b/);
  return { status, headers, body: await response.json() };
}
