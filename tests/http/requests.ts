import { assert } from "@std/assert";
import { app } from "../../app.ts";

/** An address of the application and the methods that it has a route for. */
export interface Address {
  path: string;
  methods: readonly string[];
}

/** Every address of the application, read from its own routes. */
export function addresses(): Address[] {
  const byPath = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    // Middleware is a route of every method.
    if (method === "ALL") continue;
    const methods = byPath.get(path) ?? new Set();
    byPath.set(path, methods.add(method));
  }
  const found = [...byPath].map(([path, methods]) => ({
    path,
    methods: [...methods],
  }));
  assert(found.length > 20, `${found.length} addresses`);
  return found;
}

/** The message of a refusal in the shape that the API documents. */
export async function messageOf(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  assert(/^application\/json\b/.test(type), `the type is ${type}`);
  const body = await response.json();
  assert(
    typeof body.error?.path === "string" &&
      typeof body.error?.message === "string" && body.error.message !== "",
    `${JSON.stringify(body)} is no refusal`,
  );
  return body.error.message;
}
