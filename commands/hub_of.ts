import type { Hub } from "../hub/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import { environment } from "./environment.ts";
import { readToken } from "./token.ts";
import { UsageError } from "./usage_error.ts";

/** What may read the standard input. */
interface GivenToken {
  hfTokenStdin?: boolean;
  scenario?: string;
  batch?: string;
  from: readonly string[];
}

/** The Hub of the environment, with the token that is typed or piped in. */
export async function hubOf(given: GivenToken): Promise<Hub | null> {
  if (!given.hfTokenStdin) return hubFrom(environment);
  const token = await readToken();
  return hubFrom((name) => name === "HF_TOKEN" ? token : environment(name));
}

/**
 * Checks that one thing alone reads the standard input.
 *
 * @throws {UsageError} Where several do.
 */
export function checkToken(given: GivenToken): void {
  if (!given.hfTokenStdin) return;
  for (const flag of ["scenario", "batch", "from"] as const) {
    if (given[flag] !== "-" && !given.from.includes("-")) continue;
    throw new UsageError(
      `--hf-token-stdin and --${flag} - both read the standard input: give one of them another way`,
    );
  }
}
