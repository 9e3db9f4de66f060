import type { Capacity } from "../answer/capacity.ts";
import { CACHES_AS_ASKED } from "../answer/serving.ts";
import type { Architecture } from "../models/architecture.ts";
import type { Served } from "../serve/engine.ts";

/** Users of a table's rows. */
const USERS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** How many contexts a table has; each is half of the next. */
const CONTEXTS = 10;

/** Of a model whose config does not say how long its sequences may be. */
const USUAL_CONTEXT = 32_768;

/** Contexts against users: how many sequences of each length are held at once. */
export function capacityOf(
  { serving, sequencesOf }: Pick<Served, "serving" | "sequencesOf">,
  { max_position_embeddings }: Pick<Architecture, "max_position_embeddings">,
): Capacity {
  const own = CACHES_AS_ASKED.has(serving.engine)
    ? null
    : serving.max_model_len;
  const longest = own ?? max_position_embeddings ?? USUAL_CONTEXT;
  const contexts = Array.from(
    { length: CONTEXTS },
    (_, at) => Math.floor(longest / 2 ** (CONTEXTS - 1 - at)),
  ).filter((tokens, at, all) => tokens > 0 && tokens !== all[at - 1]);
  return {
    contexts: contexts.map((tokens) => ({
      tokens,
      sequences: serving.starts ? sequencesOf(tokens) : 0,
    })),
    users: [...USERS],
  };
}
