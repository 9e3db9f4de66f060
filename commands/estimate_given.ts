import type { Hub } from "../hub/mod.ts";
import { hubFrom } from "../hub/mod.ts";
import type { FitAsked } from "../lib/mod.ts";
import { readFit } from "../lib/mod.ts";
import { environment } from "./environment.ts";
import type { MoreAsked } from "./more_answers.ts";
import { readToken } from "./token.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line gives `estimate`. */
export interface EstimateGiven extends MoreAsked {
  scenario?: string;
  batch?: string;
  json?: boolean;
  fit?: string;
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
 * Of which GPUs JSON tells.
 *
 * @throws {UsageError} Where that is neither the own nor all.
 */
export function fitOf({ fit, json, batch }: EstimateGiven): FitAsked {
  const asked = readFit(fit);
  if (!asked.ok) throw new UsageError(`--${asked.problems[0]?.message}`);
  if (fit === undefined || json || batch !== undefined) return asked.value;
  throw new UsageError("--fit needs --json or --batch: a text lists the few");
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
