import { groupDigits } from "../../units/mod.ts";
import type { Term } from "../method.ts";
import type { FactorsSetup } from "./setup.ts";

// Bytes a parameter are the program's own, not those of lib/optimizers/records.

/** AdamW's two moments in fp32. */
const ADAMW_BYTES = 8;
/** AdamW's two moments in bf16, where a scenario asks for them. */
const ADAMW_BF16_BYTES = 4;
/** AdamW with 8-bit states, as the method has it (two moments need 2 bytes). */
const ADAMW_8BIT_BYTES = 1;
/** Every other optimizer. */
const OTHER_BYTES = 4;
/** An fp32 copy of a trainable parameter. */
const MASTER_BYTES = 4;

/**
 * Gradients, optimizer states and master weights of the trainable parameters:
 * split by tp always, and over replicas from ZeRO stage 2, 1 and 3 on. Master
 * weights of adapters stay whole.
 *
 * Source: MiaoDX/llm_vlm_memory_estimator@0e8e1ce, `cli.py`.
 */
export function trainableState(setup: FactorsSetup): Term[] {
  const { scenario, mesh, sharding, trainable } = setup;
  const { optimizer, precision, train } = scenario;
  const adamw = optimizer.name === "adamw";
  const gradientBytes = precision.gradients === "fp32" ? 4 : setup.dtypeBytes;
  const stateBytes = !adamw
    ? OTHER_BYTES
    : optimizer.bits !== 32
    ? ADAMW_8BIT_BYTES
    : precision.optimizer_states === "bf16"
    ? ADAMW_BF16_BYTES
    : ADAMW_BYTES;
  const masterBytes = adamw && precision.master_weights !== "none"
    ? MASTER_BYTES
    : 0;

  const term = (name: string, bytes: number, sharded: boolean): Term => {
    const ways = sharded ? sharding.ways : 1;
    const divided = [["tp", mesh.tp], ["dp", ways]] as const;
    return {
      name,
      bytes: trainable * bytes / (mesh.tp * ways),
      formula: divided.filter(([, by]) => by > 1).reduce(
        (text, [axis, by]) => `${text} ÷ ${axis} ${by}`,
        `${groupDigits(Math.round(trainable))} trainable × ${bytes} B`,
      ),
      basis: "assumed",
    };
  };
  return [
    term("gradients", gradientBytes, sharding.stage >= 2),
    term("optimizer states", stateBytes, sharding.stage >= 1),
    term(
      "master weights",
      masterBytes,
      sharding.stage === 3 && train.method === "full",
    ),
  ];
}
