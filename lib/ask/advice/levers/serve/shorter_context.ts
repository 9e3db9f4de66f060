import { groupDigits } from "../../../../units/mod.ts";
import { hasPool } from "../../../over_gpus.ts";
import type { Lever, Proposal } from "../../lever.ts";
import { COST, fewerThan } from "../../lever.ts";

const LEAST_TOKENS = 256;
const STEP = 256;

/** Shorter conversations. */
export const shorterContext: Lever = {
  task: "serve",
  cost: COST.another,
  propose(scenario) {
    const { cache_tokens, input_tokens, output_tokens } = scenario.serve;
    const price = "longer texts are cut or refused";
    if (cache_tokens !== null) {
      return fewerThan(cache_tokens, LEAST_TOKENS, STEP).map((
        tokens,
      ): Proposal => ({
        set: { "serve.cache_tokens": tokens },
        words: `A cache of ${groupDigits(tokens)} tokens`,
        price,
      }));
    }
    return fewerThan(input_tokens, LEAST_TOKENS, STEP).map((
      tokens,
    ): Proposal => ({
      set: {
        "serve.input_tokens": tokens,
        // The pool has to hold the longest request that is taken.
        ...(hasPool(scenario)
          ? { "serve.max_model_len": tokens + output_tokens }
          : {}),
      },
      words: `Inputs of ${groupDigits(tokens)} tokens`,
      price,
    }));
  },
};
