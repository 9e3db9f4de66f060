import { groupDigits } from "../../../../units/mod.ts";
import { hasPool } from "../../../over_gpus.ts";
import type { Lever } from "../../lever.ts";
import { COST, fewerThan } from "../../lever.ts";

const STEP = 256;

/** A limit for requests that is no lower than what is asked for. */
export const longestSequence: Lever = {
  task: "serve",
  cost: COST.little,
  propose(scenario, { architecture }) {
    const { max_model_len, input_tokens, output_tokens } = scenario.serve;
    const asked = input_tokens + output_tokens;
    const longest = max_model_len ?? architecture.max_position_embeddings;
    if (!hasPool(scenario) || longest === null || longest <= asked) return [];
    return fewerThan(longest, asked, STEP).map((tokens) => ({
      set: { "serve.max_model_len": tokens },
      words: `Requests of at most ${groupDigits(tokens)} tokens`,
      price: "as fast; longer requests are refused",
    }));
  },
};
