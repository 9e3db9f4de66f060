import { z } from "zod";
import { field } from "../about.ts";
import { flag } from "../fields.ts";
import * as when from "../when.ts";

/** How weights are saved between two steps, or in the end. */
const saving = z.strictObject({
  gathers: field(z.enum(["host", "device"]).nullable().default(null), {
    group: "objective",
    label: "Saving gathers to",
    help:
      "FSDP, ZeRO 3: where a whole state dict is gathered before it is written: `host` (a unit at a time comes by the GPU) or `device` (all of it stands on each GPU, as PyTorch's own FullStateDictConfig has it); null: ranks write their own parts",
    blank: "nowhere",
    flag: "--saving-gathers",
    needs: [{ path: "engine.name", is: ["fsdp", "fsdp2", "deepspeed"] }],
  }),
  merged: field(flag().default(false), {
    group: "objective",
    label: "Adapters merged to be saved",
    help:
      "LoRA: whether adapters are merged into the weights on the GPU before these are saved (PEFT's merge_and_unload)",
    flag: "--saving-merged",
    needs: [when.adapted],
  }),
});

/** Fields of `train` about saving. */
export const savedFields = {
  saving: z.preprocess(
    (value) => value === null ? {} : value,
    saving,
  ).prefault({}),
} as const;
