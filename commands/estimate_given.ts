import type { Hub } from "../hub/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import { environment } from "./environment.ts";
import type { MoreAsked } from "./more_answers.ts";
import { readToken } from "./token.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line gives `estimate`. */
export interface EstimateGiven extends MoreAsked {
  scenario?: string;
  batch?: string;
  json?: boolean;
  hfTokenStdin?: boolean;
  evidence?: boolean;
  from: string[];
  given: string[];
  export?: string;
  opinions?: boolean;
  capacity?: boolean;
  explain?: string;
  check?: boolean;
  model?: string;
  set: string[];
  probe?: string | boolean;
  [flag: string]: unknown;
}

/** The Hub of the environment, with the token that is typed or piped in. */
export async function hubOf(given: EstimateGiven): Promise<Hub | null> {
  if (!given.hfTokenStdin) return hubFrom(environment);
  const token = await readToken();
  return hubFrom((name) => name === "HF_TOKEN" ? token : environment(name));
}

/**
 * Sees that the standard input is read once.
 *
 * @throws {UsageError} Where a token and a file are both to come from it.
 */
export function checkToken(given: EstimateGiven): void {
  if (!given.hfTokenStdin) return;
  for (const flag of ["scenario", "batch", "from", "explain"] as const) {
    if (given[flag] !== "-" && !given.from.includes("-")) continue;
    throw new UsageError(
      `--hf-token-stdin and --${flag} - both read the standard input: give one of them another way`,
    );
  }
}
