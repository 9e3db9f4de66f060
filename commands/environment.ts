import { env } from "node:process";

/** An environment variable, where reading it is allowed and it is not blank. */
export function environment(name: string): string | undefined {
  return isReadable(name) ? env[name] || undefined : undefined;
}

/** Deno, unlike Node, has to be allowed, and would ask its user. */
function isReadable(name: string): boolean {
  if (typeof Deno === "undefined") return true;
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted";
}
