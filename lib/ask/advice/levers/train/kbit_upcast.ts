import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** What is not quantised left in 16 bits. */
export const kbitUpcast: Lever = {
  task: "train",
  cost: COST.nearlySame,
  propose: ({ train, quantization }) =>
    train.method === "full" || !quantization.kbit_upcast ? [] : [{
      set: { "quantization.kbit_upcast": false },
      words: "No fp32 upcast of the rest (PEFT's k-bit preparation)",
      price:
        "nearly the same result, and faster: norms, embeddings and head stay in 16 bits",
    }],
};
