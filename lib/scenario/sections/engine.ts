import { z } from "zod";
import { field, section } from "../about.ts";
import { count, flag } from "../fields.ts";
import * as when from "../when.ts";
import { engineSettingsSection } from "./engine_settings.ts";

const offload = z.enum(["none", "cpu", "nvme"]);

/** What shards and reduces. */
export const engine = section(
  z.strictObject({
    name: field(
      z.enum([
        "auto",
        "single",
        "ddp",
        "deepspeed",
        "fsdp",
        "fsdp2",
        "megatron",
        "megatron-deepspeed",
      ]).default("auto"),
      {
        label: "Engine",
        group: "engine",
        help:
          "`auto` (DeepSpeed with ZeRO, Megatron-Core where the model is split, else DDP), `single`, `ddp`, `deepspeed`, `fsdp`, `fsdp2`, `megatron`, `megatron-deepspeed`",
      },
    ),
    zero_stage: field(count(0, 3).default(0), {
      label: "ZeRO stage",
      group: "engine",
      help: "DeepSpeed's ZeRO stage, 0 to 3",
      hint: "DeepSpeed",
      options: ["0", "1", "2", "3"],
    }),
    sharding: field(
      z.enum(["full", "grad_op", "hybrid", "none"]).default("full"),
      {
        label: "Sharding",
        group: "engine",
        help: "FSDP: `full`, `grad_op`, `hybrid` or `none`",
        hint: "FSDP",
        needs: [when.fsdp],
      },
    ),
    offload_optimizer: field(offload.default("none"), {
      label: "Offload optimizer",
      group: "engine",
      help: "`none`, `cpu` or `nvme`",
    }),
    offload_parameters: field(offload.default("none"), {
      label: "Offload parameters",
      group: "engine",
      help: "`none`, `cpu` or `nvme`",
    }),
    distributed_optimizer: field(flag().default(true), {
      label: "Distributed optimizer",
      group: "engine",
      help: "Megatron",
      hint: "Megatron",
      needs: [{ path: "engine.name", is: ["megatron"] }],
    }),
    ...engineSettingsSection,
  }),
  [when.toTrain],
);
