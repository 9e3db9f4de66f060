import type { Block } from "../../play/record/block.ts";
import { blockOf } from "../../play/record/block.ts";
import type {
  RecordedStack,
  StackLayer,
} from "../../play/record/record_stack.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { Value } from "../../play/torch/values.ts";
import { Machine } from "../../play/torch/machine.ts";
import { decoderLayer } from "../../play/layers/decoder_layer.ts";
import { activation } from "../../play/torch/ops/activations.ts";
import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import {
  add,
  cast,
  copied,
  join,
  slice,
} from "../../play/torch/ops/arithmetic.ts";
import { dropout } from "../../play/torch/ops/dropout.ts";
import { embedding } from "../../play/torch/ops/embedding.ts";
import { linear } from "../../play/torch/ops/linear.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import type { RotaryTable } from "../../play/torch/ops/rotary.ts";
import type { PartName } from "../../answer/parts.ts";
import type { VisionPlan } from "../../plan/vision_plan.ts";

/** Records patches, the tower's layers and the projector. */
export function recordVision(
  settings: MachineSettings,
  plan: VisionPlan,
  checkpoints: boolean,
): RecordedStack {
  const first = recordPatches(settings, plan);
  const layers: StackLayer[] = plan.stack.layers.map((kind) => ({
    key: `${kind.id}`,
    checkpoint: checkpoints,
    held: false,
    code: () => ({
      run: (m, x) => decoderLayer(m, x, plan.layerOf(kind), tableOf(m, plan)),
      finish: asVision,
    }),
  }));
  const projector: StackLayer = {
    key: "projector",
    checkpoint: false,
    held: false,
    code: () => ({ run: (m, x) => projected(m, x, plan), finish: asVision }),
  };
  const stack = recordStack(settings, {
    elements: plan.rows * plan.width,
    dtype: first.outputDtype,
    needsGrad: first.ports.gradOut !== null,
    isLeaf: false,
    part: "vision activations",
    offload: false,
    stopsEarly: false,
  }, [...layers, projector]);
  return { ...stack, blocks: [first, ...stack.blocks] };
}

function recordPatches(settings: MachineSettings, plan: VisionPlan): Block {
  const m = new Machine(settings);
  m.part = "vision activations";
  const pixels = m.external(
    plan.pixels.elements,
    plan.pixels.dtype,
    "pixels",
    null,
    "inputs",
  );
  const out = m.call(() => embedded(m, pixels, plan));
  const forward = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  const grad = out.source && m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  if (grad) m.backward(out, grad);
  return asVision(blockOf(m, [forward, null, exit], {
    in: null,
    out: out.storage,
    gradIn: null,
    gradOut: grad?.storage ?? null,
    outputDtype: out.dtype,
  }, "vision activations"));
}

/** Cosines and sines of the patches' places, which stand throughout. */
function tableOf(m: Machine, plan: VisionPlan): RotaryTable | null {
  if (plan.rotaryWidth === 0) return null;
  const [cos, sin] = ["cosines", "sines"].map((name) =>
    m.external(plan.rows * plan.rotaryWidth, "fp32", `tower ${name}`, null)
  );
  return cos && sin ? { cos, sin } : null;
}

/** Patches with their positions. */
function embedded(m: Machine, pixels: Value, plan: VisionPlan): Value {
  const { weight, bias, rows } = plan.patches;
  const [out = 1] = weight.shape;
  const own = cast(m, pixels, weight.dtype, "pixels in the tower's type");
  let x = linear(m, own, rows, {
    name: "patch embedding",
    in: plan.pixels.elements / rows,
    out,
    weight,
    bias,
  }, "patches");
  const replace = (next: Value) => {
    m.drop(x);
    x = next;
  };
  m.drop(own);
  if (plan.classToken) {
    const first = m.external(
      plan.rows * plan.width - x.elements,
      x.dtype,
      "class token",
      null,
    );
    replace(join(m, [first, x], "patches with class token"));
  }
  if (plan.positions) {
    const { parameter, lookedUp } = plan.positions;
    const added = lookedUp
      ? lookUp(m, plan, parameter.shape[0] ?? 1)
      : m.parameter(parameter);
    replace(add(m, x, added, "patches with positions"));
    m.drop(added);
  }
  replace(dropout(m, x, plan.dropout, "patches"));
  if (plan.preNorm) {
    replace(norm(m, x, plan.rows, plan.preNorm, "norm before the tower"));
  }
  return x;
}

function lookUp(m: Machine, { positions }: VisionPlan, rows: number): Value {
  const table = positions?.parameter;
  if (!table) throw new RangeError("a tower without a table of positions");
  return m.call(() => {
    const places = m.create(rows, "int64", "places of patches");
    return embedding(m, table, places, rows, "position embeddings");
  });
}

/** The tower's last norm, its rows side by side, and the projector. */
function projected(m: Machine, x: Value, plan: VisionPlan): Value {
  const { linears, activation: kind, norm: own, normRows } = plan.projector;
  return m.call(() => {
    const seen = plan.finalNorm
      ? norm(m, x, plan.rows, plan.finalNorm, "tower norm")
      : m.view(x);
    const rows = plan.tokens;
    return m.call(() => {
      let current = toTokens(m, seen, plan);
      const replace = (next: Value) => {
        m.drop(current);
        current = next;
      };
      if (own) replace(norm(m, current, normRows, own, "projector norm"));
      for (const [at, layer] of linears.entries()) {
        if (at > 0) replace(activation(m, current, kind, "projector"));
        replace(adaptedLinear(m, current, rows, layer));
      }
      return current;
    });
  });
}

/** Patches put together as tokens. */
function toTokens(m: Machine, x: Value, plan: VisionPlan): Value {
  const { joins, makes } = plan.projector;
  return m.call(() => {
    const patches = plan.patches.rows * plan.width;
    const own = plan.classToken
      ? copied(m, slice(m, x, patches), "patches without class token")
      : m.view(x);
    if (joins === 1 || makes === "nothing") return own;
    const copy = copied(m, own, "patches side by side");
    if (makes === "a copy") return copy;
    const node = m.record([copy], [copy], () => [
      m.grad(copy.source, copy.elements, copy.dtype, "gradient of means"),
    ]);
    return m.create(
      copy.elements / joins,
      copy.dtype,
      "means of patches",
      node && { node, slot: 0 },
    );
  });
}

/** Parts of a layer that are one part in a tower. */
const INNER: ReadonlySet<PartName> = new Set([
  "checkpoints",
  "residual stream",
  "norm activations",
  "attention activations",
  "MLP activations",
]);

/** What a tower keeps is told apart from what the language model does. */
function asVision(block: Block): Block {
  const { parts } = block.forward.tape;
  for (const [at, part] of parts.entries()) {
    if (INNER.has(part)) parts[at] = "vision activations";
  }
  return block;
}
