import type { Scenario } from "../../scenario/schema.ts";
import { crossEntropyOf } from "../../play/torch/ops/loss.ts";
import { fusedHead } from "../../software/trl/fused_head.ts";
import { fusesHead } from "../../software/trl/heads.ts";
import {
  entropyOf,
  fullScores,
  widened,
  withoutLast,
} from "../../software/trl/full_scores.ts";
import type { Batch } from "./batch.ts";
import type { ObjectiveHead } from "./objective_plan.ts";

/**
 * What takes a model's hidden states or logits.
 *
 * @returns Null where the model's own loss does.
 */
export function headOf(
  scenario: Scenario,
  objective: string,
  batch: Batch,
  role: "policy" | "reference",
): ObjectiveHead | null {
  const { sequences, tokens, scored } = batch;
  if (fusesHead(scenario)) {
    return { take: fusedHead(sequences, scored), scores: null };
  }
  const rows = { sequences, tokens };
  if (objective === "sft") {
    return scenario.train.loss === "full" ? sftHead(rows) : null;
  }
  return {
    take: null,
    scores: {
      rows: sequences * tokens,
      by: (m, logits) => fullScores(m, logits, rows, role === "policy"),
    },
  };
}

/**
 * The model's own loss, and the entropy of the logits that it hands out.
 *
 * Source: huggingface/trl 1.8.0 trainer/sft_trainer.py, compute_loss
 */
function sftHead(rows: { sequences: number; tokens: number }): ObjectiveHead {
  return {
    take: null,
    scores: {
      rows: rows.sequences * rows.tokens,
      inModel: crossEntropyOf,
      by: (m, narrow, loss) => {
        const logits = widened(m, narrow);
        const each = logits.elements / (rows.sequences * rows.tokens);
        return {
          loss: loss ?? logits,
          terms: [],
          ends: () => {
            const shifted = withoutLast(m, logits, rows);
            entropyOf(m, shifted, each);
            m.drop(shifted, logits);
          },
        };
      },
    },
  };
}
