import { z } from "zod";
import { field } from "../about.ts";
import { count, flag, wordOr } from "../fields.ts";
import { MAX_STEPS, MAX_TILES } from "../limits.ts";
import * as when from "../when.ts";

const about = { group: "recomputing" } as const;

/** What makes activations stand less long than the model's code has them. */
export const savingFields = {
  activation_offloading: field(
    z.enum(["none", "streams", "sync"]).default("none"),
    {
      ...about,
      label: "Activations wait in host memory",
      help:
        "what autograd saves waits in host memory for the backward pass: `none`; `streams`, copied beside the computation (TRL's and torchtune's `use_streams`, Axolotl's `activation_offloading: true`); or `sync`, one copy at a time (Axolotl's `legacy`)",
      flag: "--activation-offloading",
    },
  ),
  mlp_tiles: field(
    wordOr(["auto"], count(1, MAX_TILES)).nullable().default(null),
    {
      ...about,
      label: "Tiles of the MLP",
      help:
        "MLPs run so many tiles of the tokens one after the other, and again in the backward pass; `auto`: sequence ÷ hidden size, as DeepSpeed's, Axolotl's and Unsloth's tiled MLP have it",
      blank: "whole",
      flag: "--mlp-tiles",
    },
  ),
  empty_cache_steps: field(
    count(1, MAX_STEPS).nullable().default(null),
    {
      ...about,
      label: "Steps between emptied caches",
      help:
        "every how many steps the allocator's cache is emptied between forward and backward pass (transformers' `torch_empty_cache_steps`): of reserved memory alone",
      blank: "never",
      flag: "--empty-cache-steps",
    },
  ),
  use_reentrant: field(flag().nullable().default(null), {
    ...about,
    label: "Reentrant checkpoints",
    help:
      "which of torch's checkpoints run; null: as software.transformers has it (5: not reentrant, 4: reentrant)",
    blank: "as transformers",
    flag: "--use-reentrant",
    needs: [when.checkpointed],
  }),
} as const;
