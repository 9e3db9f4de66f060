import type { Scenario } from "../../scenario/schema.ts";
import { lossOfCast } from "../../play/torch/ops/head_loss.ts";
import { measuredLoss } from "../../software/trl/chunked_loss.ts";
import { crossEntropyOf } from "../../play/torch/ops/loss.ts";
import { fusedHead } from "../../software/trl/fused_head.ts";
import { fusesHead, takesLiger } from "../../software/trl/heads.ts";
import {
  entropyOf,
  fullScores,
  widened,
  withoutLast,
} from "../../software/trl/full_scores.ts";
import { grpoScores } from "../../software/trl/grpo_scores.ts";
import { ligerDpo } from "../../software/trl/liger_dpo.ts";
import { ligerGrpo } from "../../software/trl/liger_grpo.ts";
import { orpoScores } from "../../software/trl/orpo_scores.ts";
import type { LaterScores } from "../../play/record/later_scores.ts";
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
  role: "policy" | "asked",
): ObjectiveHead | null {
  const { sequences, tokens, scored } = batch;
  // Its trainer makes logits in all releases.
  if (objective === "orpo") {
    return later(
      sequences * tokens,
      (m, logits) => orpoScores(m, logits, batch, fusesHead(scenario)),
    );
  }
  if (fusesHead(scenario)) {
    return { take: fusedHead(sequences, scored), scores: null };
  }
  if (objective === "dpo" && takesLiger(scenario, objective)) {
    const by: LaterScores["by"] = (m, states, _, head) => ({
      loss: null,
      terms: [],
      ...(role === "policy"
        ? {
          ends: () => {
            const loss = ligerDpo(m, states, head, { sequences, tokens });
            m.drop(states);
            return loss;
          },
        }
        : {}),
    });
    return {
      take: null,
      scores: { rows: sequences * tokens, ofHidden: true, by },
    };
  }
  if (role === "policy" && takesLiger(scenario, objective)) {
    const isDivided = scenario.train.gradient_accumulation > 1;
    return {
      take: ligerGrpo({ sequences, scored, isDivided }),
      scores: null,
    };
  }
  const rows = { sequences, tokens };
  const all = sequences * tokens;
  const isPolicy = role === "policy";
  switch (objective) {
    case "sft":
      return sftHead(scenario.train.loss, rows);
    case "grpo": {
      const kept = { sequences, tokens: scored / sequences + 1 };
      return later(
        kept.sequences * kept.tokens,
        (m, logits) => grpoScores(m, logits, kept, isPolicy),
      );
    }
    default:
      return later(all, (m, logits) =>
        fullScores(m, logits, rows, {
          entropy: isPolicy,
          halves: isPolicy && objective === "kto",
        }));
  }
}

function later(rows: number, by: LaterScores["by"]): ObjectiveHead {
  return { take: null, scores: { rows, by } };
}

/**
 * The model's own loss, and the entropy of the logits that it hands out.
 *
 * Source: huggingface/trl 1.8.0 trainer/sft_trainer.py, compute_loss
 */
function sftHead(
  loss: Scenario["train"]["loss"],
  rows: { sequences: number; tokens: number },
): ObjectiveHead | null {
  if (loss === "fused") return null;
  if (loss === "chunked") {
    return { take: lossOfCast(null, measuredLoss), scores: null };
  }
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
