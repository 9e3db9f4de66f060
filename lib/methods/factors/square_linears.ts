import type { Scenario } from "../../scenario/schema.ts";
import type { Architecture } from "../../models/architecture.ts";
import { codeOfType } from "../../models/families/mod.ts";

/** A linear layer as LoRA sees it: in and out features. */
export interface SquareLinear {
  in: number;
  out: number;
}

/**
 * The linear layers of one decoder layer by name, with attention taken as
 * square: queries, keys, values and output all map the hidden size to itself,
 * as the `factors` method has it. Grouped heads make its count too high.
 */
export function squareLinears(
  model: Architecture,
): Record<string, SquareLinear> {
  const h = model.hidden_size;
  const i = model.intermediate_size;
  const square = { in: h, out: h };
  const fused = { in: h, out: 3 * h };
  const up = { in: h, out: i };
  const down = { in: i, out: h };
  switch (model.type) {
    case "gpt2":
    case "gpt_bigcode":
      return {
        c_attn: fused,
        "attn.c_proj": square,
        c_fc: up,
        "mlp.c_proj": down,
      };
    case "gpt_neox":
    case "bloom":
    case "falcon":
      return {
        query_key_value: fused,
        dense: square,
        dense_h_to_4h: up,
        dense_4h_to_h: down,
      };
    case "mpt":
      return { Wqkv: fused, out_proj: square, up_proj: up, down_proj: down };
    case "phi3":
      return {
        qkv_proj: fused,
        o_proj: square,
        gate_up_proj: { in: h, out: 2 * i },
        down_proj: down,
      };
    case "phi":
      return {
        q_proj: square,
        k_proj: square,
        v_proj: square,
        dense: square,
        fc1: up,
        fc2: down,
      };
    case "opt":
      return {
        q_proj: square,
        k_proj: square,
        v_proj: square,
        out_proj: square,
        fc1: up,
        fc2: down,
      };
    case "t5":
      return { q: square, k: square, v: square, o: square, wi: up, wo: down };
    case "bert":
      return {
        query: square,
        key: square,
        value: square,
        "attention.output.dense": square,
        "intermediate.dense": up,
        "output.dense": down,
      };
    default:
      return {
        q_proj: square,
        k_proj: square,
        v_proj: square,
        o_proj: square,
        ...(model.gated_mlp ? { gate_proj: up } : {}),
        up_proj: up,
        down_proj: down,
      };
  }
}

/**
 * The names of the modules that a Scenario targets; null for a regular
 * expression, which names none.
 */
export function targetNames(
  targets: Scenario["train"]["lora"]["targets"],
  model: Architecture,
): readonly string[] | null {
  if (Array.isArray(targets)) return targets;
  if (targets === "all-linear") return Object.keys(squareLinears(model));
  if (targets !== "default") return null;
  const usual = codeOfType(model.type).peft.targets ?? ["q_proj", "v_proj"];
  return typeof usual === "string" ? null : usual;
}
