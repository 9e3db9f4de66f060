import type { MachineSettings } from "../torch/machine_settings.ts";
import type { Value } from "../torch/values.ts";
import { Machine } from "../torch/machine.ts";
import { cast, savingOutput, scaled, slice } from "../torch/ops/arithmetic.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { HEAD_INPUT } from "../torch/ops/head_loss.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Dtype } from "../torch/dtype.ts";
import type { Block } from "./block.ts";
import { blockOf, segmentOf } from "./block.ts";
import type { HeadPlan } from "./outer_blocks.ts";
import type { ServedInput } from "./served_layer.ts";

/** How logits are taken of hidden states. */
export interface LogitsPlan extends Pick<HeadPlan, "hidden" | "norm" | "head"> {
  /** Rows of hidden states, and those of them whose logits are made. */
  readonly rows: number;
  readonly logits: number;
  readonly scaled: boolean;
  readonly softcap: boolean;
  /** Whether the model's code casts logits to fp32. */
  readonly widens: boolean;
  /** The type that model code casts the head's input to; null for none. */
  readonly input: Dtype | null;
  /** Sequences whose next token is picked; null where the caller picks none. */
  readonly picks: number | null;
}

/**
 * Records what stands after the layers where no loss is taken: the last norm, the
 * logits, and in `dropped` what picks the next token of them.
 *
 * Source: huggingface/transformers generation/utils.py, _sample: the last logits are
 * copied in fp32
 */
export function recordLogits(
  settings: MachineSettings,
  plan: LogitsPlan,
  given: ServedInput,
): Block {
  const m = new Machine(settings);
  m.recording = false;
  m.followsVariables = true;
  m.part = "norm activations";
  const { rows } = plan;
  const x = m.external(
    given.elements,
    given.dtype,
    "hidden states",
    null,
    given.part,
  );
  const normed = plan.norm
    ? norm(m, x, rows, plan.norm, "final norm")
    : m.view(x);
  m.drop(x);
  const body = m.tape.events.length;
  m.part = "logits and loss";
  const logits = m.keep(m.call(() => logitsOf(m, normed, plan)));
  m.drop(normed);
  const forward = m.tape.events.length;
  if (plan.picks !== null) {
    const width = logits.elements / plan.logits;
    const last = m.create(plan.picks * width, "fp32", "logits that pick");
    m.drop(m.create(plan.picks, "int64", "next tokens"), last);
  }
  m.drop(logits);
  const end = m.tape.events.length;
  const block = blockOf(m, [forward, null, forward], {
    in: x.storage,
    out: null,
    gradIn: null,
    gradOut: null,
    outputDtype: given.dtype,
  }, given.part);
  return {
    ...block,
    body: segmentOf(m.tape, 0, body),
    forward: segmentOf(m.tape, body, forward),
    dropped: segmentOf(m.tape, forward, end),
    backward: segmentOf(m.tape, end, end),
  };
}

function logitsOf(m: Machine, all: Value, plan: LogitsPlan): Value {
  const few = plan.logits < plan.rows
    ? slice(m, all, plan.logits * plan.hidden)
    : all;
  const read = plan.input ? cast(m, few, plan.input, HEAD_INPUT) : few;
  let out = adaptedLinear(m, read, plan.logits, plan.head, "logits");
  const replace = (next: Value) => {
    m.drop(out);
    out = next;
  };
  if (plan.scaled) replace(scaled(m, out, "scaled logits"));
  if (plan.softcap) {
    replace(scaled(m, out, "logits below the cap"));
    replace(savingOutput(m, out, "tanh of logits"));
    replace(scaled(m, out, "capped logits"));
  }
  if (plan.widens) replace(cast(m, out, "fp32", "logits in fp32"));
  return out;
}
