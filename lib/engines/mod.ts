import { spreadBy } from "../scenario/engine_name.ts";
import type { Scenario } from "../scenario/schema.ts";
import { ddp } from "./ddp.ts";
import type { Engine } from "./engine.ts";
import { isTorchtitan } from "./fsdp/policy.ts";
import { fsdp1 } from "./fsdp1.ts";
import { fsdp2 } from "./fsdp2.ts";
import { megatronEngine } from "./megatron.ts";
import { megatronDeepSpeed } from "./megatron_deepspeed.ts";
import { single } from "./single.ts";
import { titan } from "./titan.ts";
import { deepspeed } from "./zero.ts";

/** Engines by their names in a Scenario. */
const ENGINES: Partial<Record<Scenario["engine"]["name"], Engine>> = {
  single,
  ddp,
  deepspeed,
  fsdp: fsdp1,
  fsdp2,
  megatron: megatronEngine,
  "megatron-deepspeed": megatronDeepSpeed,
};

/** The engine that runs a scenario; null where none is played. */
export function engineOf(
  { engine, parallel, software }: Scenario,
): Engine | null {
  if (isTorchtitan({ engine, software }) && parallel.tp * parallel.pp > 1) {
    return titan;
  }
  if (engine.name !== "auto") {
    return parallel.gpus === 1 && engine.name === "ddp"
      ? single
      : ENGINES[engine.name] ?? null;
  }
  const name = spreadBy({ engine, parallel });
  return name === null ? single : ENGINES[name] ?? null;
}
