import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import type { HeadInput } from "../../play/record/loss_block.ts";
import { lossBlock, takeHidden } from "../../play/record/loss_block.ts";
import type { EmbeddingPlan } from "../../play/record/embedding_plan.ts";
import type { HeadPlan } from "../../play/record/outer_blocks.ts";
import type { PartName } from "../../answer/parts.ts";
import { Machine } from "../../play/torch/machine.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import { lossOfParts, wholeLogits, wholeLogitsLoss } from "./loss.ts";
import type { TokenShares } from "./shares.ts";
import { ownSums, wholeTokens } from "./shares.ts";

/** What stands around the embeddings. */
export interface TablePlace {
  readonly part: PartName;
  /** Whether the batch is made and held by this pass. */
  readonly batch: boolean;
  /** Whether FSDP shards the table too. */
  readonly sharded: boolean;
}

/** Records the embeddings: rows of this rank's part of the table, summed over ranks. */
export function recordTitanTable(
  settings: MachineSettings,
  { rows, labels, table }: EmbeddingPlan,
  shares: TokenShares,
  { part, batch, sharded }: TablePlace,
): Block {
  const m = new Machine(settings);
  m.part = "inputs";
  const given = batch
    ? [
      m.create(rows, "int64", "token ids"),
      m.create(labels, "int64", "labels"),
    ]
    : [];
  const own = shares.tp > 1
    ? m.create(rows, "int64", "ids of this rank")
    : given[0] ?? m.external(rows, "int64", "token ids", null);
  m.part = "embeddings";
  let out = looked(m, table, own, rows, shares.tp, sharded);
  if (shares.tp > 1) {
    const sums = ownSums(m, out, shares);
    m.drop(out, own);
    out = sums;
  }
  const forward = m.tape.events.length;
  const gradOut = m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  m.backward(out, gradOut);
  m.drop(...given);
  return blockOf(m, [forward, null, forward], {
    in: null,
    out: out.storage,
    gradIn: null,
    gradOut: gradOut.storage,
    outputDtype: out.dtype,
  }, part);
}

/**
 * Rows of a part of a table. DTensor makes the gradient of the whole table, the same
 * on every rank, and FSDP takes this rank's rows of it.
 *
 * Sources: pytorch torch/distributed/tensor/_ops/_embedding_ops.py,
 * embedding_dense_backward_strategy; torch/distributed/fsdp/_fully_shard/_fsdp_param.py,
 * unsharded_grad_data
 */
function looked(
  m: Machine,
  table: Parameter,
  ids: Value,
  rows: number,
  tp: number,
  sharded: boolean,
): Value {
  const weight = m.parameter(table);
  const { elements, dtype } = table;
  const node = m.record([weight], [ids], () => {
    const cuts = tp > 1 && sharded;
    const whole = m.grad(
      cuts ? null : weight.source,
      tp * elements,
      dtype,
      "embedding gradient",
    );
    if (!cuts) return [whole];
    const own = m.grad(weight.source, elements, dtype, "embedding gradient");
    m.free(whole);
    return [own];
  });
  const width = table.shape[1] ?? 1;
  const source = node && { node, slot: 0 };
  return m.create(rows * width, dtype, "embeddings", source);
}

/** How logits are handed out. */
export interface Logits {
  /** Whether each rank keeps its part of them through the loss. */
  readonly inParts: boolean;
  /** Whether the schedule keeps them until the next step. */
  readonly kept: boolean;
}

/** Records the last norm, the logits and the loss. */
export function recordTitanHead(
  settings: MachineSettings,
  plan: HeadPlan,
  shares: TokenShares,
  { inParts, kept }: Logits,
  given: HeadInput,
): Block {
  const m = new Machine(settings);
  const { tp } = shares;
  const ownRows = plan.rows / tp;
  m.part = "norm activations";
  const taken = takeHidden(m, ownRows * plan.hidden, given);
  const { x } = taken;
  const normed = plan.norm
    ? norm(m, x, ownRows, plan.norm, "final norm")
    : m.view(x);
  m.drop(x);
  const body = m.tape.events.length;
  m.part = "logits and loss";
  const whole = tp > 1 ? wholeTokens(m, normed, shares) : normed;
  let logits = adaptedLinear(m, whole, plan.rows, plan.head, "logits");
  m.drop(normed, whole);
  if (tp > 1 && !inParts) logits = replaced(m, logits, tp);
  m.keep(logits);
  const loss = tp > 1 && inParts
    ? lossOfParts(m, logits, plan.rows)
    : wholeLogitsLoss(m, logits);
  const scored = () => ({ loss, terms: [] });
  const ended = { body, scored, logits: [logits], keepsLogits: kept };
  return lossBlock(m, settings, taken, ended, given);
}

function replaced(m: Machine, logits: Value, tp: number): Value {
  const whole = wholeLogits(m, logits, tp);
  m.drop(logits);
  return whole;
}
