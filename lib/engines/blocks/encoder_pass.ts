import type { Pass } from "../../play/program/pass.ts";
import type {
  RecordedStack,
  StackLayer,
} from "../../play/record/record_stack.ts";
import { recordStack } from "../../play/record/record_stack.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { EncoderLayerPlan } from "../../play/layers/encoder_layer.ts";
import { encoderLayer } from "../../play/layers/encoder_layer.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { MachineSettings } from "../../play/torch/machine_settings.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import type { LossSettings } from "../../play/torch/ops/loss.ts";
import { rotaryTableOf } from "./rotary_table.ts";
import type { PartName } from "../../answer/parts.ts";
import { decoderStack, isCheckpointed, numbered, placed } from "./stacks.ts";
import type { EncoderPlan } from "../../plan/encoders/encoder_plan.ts";
import type { StackPlan } from "../../plan/encoders/stack_plan.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { EntryBlock } from "../../play/record/encoders/entry_block.ts";
import { recordEntry } from "../../play/record/encoders/entry_block.ts";
import { biases } from "../../play/record/encoders/shared_positions.ts";
import { recordMemory } from "../../play/record/encoders/memory_block.ts";
import type { Reading, Shared } from "../../play/record/encoders/shared.ts";
import { carrying, readShared } from "../../play/record/encoders/shared.ts";
import { recordTask } from "../../play/record/encoders/task_block.ts";

/** The layers of a stack, recorded. */
interface Layers extends RecordedStack {
  /** Whether a layer keeps what the encoder gave. */
  readonly keepsMemory: boolean;
}

/** Records one pass of an encoder, and of the decoder that reads it. */
export function recordEncoderPass(
  plan: StepPlan,
  encoders: EncoderPlan,
  settings: MachineSettings,
): Pass {
  const { encoder, decoder, head } = encoders;
  const part: PartName = plan.scenario.train.checkpointing === "none"
    ? "residual stream"
    : "checkpoints";
  const loss = lossSettings(plan, encoders);
  const table = tableOf(decoder ?? encoder);
  const tied = head.isTied && table?.trains ? table : null;
  const { autocast } = plan.scenario.precision;
  // Autocast casts the gradient back, into a tensor of its own.
  const begun = tied && {
    parameter: tied,
    isView: autocast === null || tied.dtype === autocast,
  };
  if (!decoder) {
    const entry = entryOf(
      plan,
      encoders,
      encoder,
      { ...settings, begun },
      part,
    );
    const layers = layersOf(plan, settings, encoder, entry, part, null);
    const end = recordTask(
      { ...settings, awaited: tied },
      encoder,
      head,
      loss,
      { ...layers, part },
    );
    return {
      stacks: [decoderStack(entry, numbered(layers.blocks), end)],
      hostBytes: layers.hostBytes,
    };
  }
  const shared = tableOf(encoder);
  const both = shared !== null && shared === table && shared.trains
    ? shared
    : null;
  const first = entryOf(plan, encoders, encoder, {
    ...settings,
    begun: both && { parameter: both, isView: false },
  }, part);
  const reading = layersOf(plan, settings, encoder, first, part, null);
  const end = { ...reading, part };
  const { memory } = recordMemory(settings, encoder, end, false);
  const entry = entryOf(plan, encoders, decoder, {
    ...settings,
    begun,
    awaited: both,
  }, part);
  const layers = layersOf(plan, settings, decoder, entry, part, memory);
  return {
    stacks: [
      placed("encoder", [
        first,
        ...reading.blocks,
        recordMemory(settings, encoder, end, layers.keepsMemory),
      ]),
      decoderStack(
        entry,
        numbered(layers.blocks),
        recordTask(
          { ...settings, awaited: tied },
          decoder,
          head,
          loss,
          { ...layers, part },
        ),
      ),
    ],
    hostBytes: reading.hostBytes + layers.hostBytes,
  };
}

function tableOf({ entry }: StackPlan) {
  return "table" in entry ? entry.table : null;
}

function entryOf(
  { scenario, facts }: StepPlan,
  { zeros, head, decoder, implementation, encoder }: EncoderPlan,
  stack: StackPlan,
  settings: MachineSettings,
  part: PartName,
): EntryBlock {
  const { train, precision } = scenario;
  const checkpoints = train.checkpointing !== "none";
  const asksFor = decoder ?? encoder;
  const reads = zeros === "first layer" && stack === decoder;
  return recordEntry(settings, stack, {
    part,
    forcesGrad: facts.code.forcesGrad,
    labels: stack !== encoder
      ? 0
      : head.reads === "tokens"
      ? asksFor.batch * asksFor.tokens
      : asksFor.batch,
    keepsShared: checkpoints,
    zeros: reads ? stack.heads * stack.tokens * encoder.tokens : 0,
    zerosDtype: precision.autocast ?? precision.weights,
    pairsDtype: train.padding_mask ? "int64" : "fp32",
    keepsZeros: checkpoints ||
      (implementation !== "eager" && !train.padding_mask),
    zerosNeedGrad: checkpoints,
    mask: {
      elements: stack.isMasked ? stack.batch * stack.tokens ** 2 : 0,
      dtype: implementation === "eager" ? precision.weights : "uint8",
    },
    keepsMask: checkpoints ||
      (implementation !== "eager" && (stack.bias?.trains ?? false)),
  });
}

function layersOf(
  { scenario }: StepPlan,
  settings: MachineSettings,
  plan: StackPlan,
  entry: EntryBlock,
  part: PartName,
  memory: Shared | null,
): Layers {
  const { checkpointing, checkpoint_offload: offload } = scenario.train;
  const { autocast, weights } = scenario.precision;
  const stack: ReadStack = {
    plan,
    shared: [memory, entry.bias, entry.zeros],
    tableDtype: entry.outputDtype,
    zerosDtype: autocast ?? weights,
  };
  const { layers } = plan.stack;
  let keepsMemory = layers.some((_, at) => isCheckpointed(checkpointing, at));
  const recorded = recordStack(
    settings,
    {
      elements: plan.batch * plan.tokens * plan.width,
      dtype: entry.outputDtype,
      needsGrad: entry.needsGrad,
      isLeaf: false,
      part,
      offload,
      stopsEarly: true,
    },
    layers.map((kind, at): StackLayer => {
      const isLast = at === layers.length - 1;
      const slides = plan.slides(at);
      return {
        key: `${kind.id} ${isLast} ${slides}`,
        checkpoint: isCheckpointed(checkpointing, at),
        held: plan.holdsAll || (at === 0 && plan.holdsEmbeddings),
        code: () => {
          const layer = plan.layerOf(kind, slides);
          const table = plan.biasOf(kind);
          let readings: readonly Reading[] = [];
          return {
            run: (m, x) => {
              const run = runLayer(m, x, stack, { layer, table, isLast });
              readings = run.readings;
              keepsMemory ||= run.keepsMemory;
              return run.out;
            },
            finish: (block) => carrying(block, readings),
          };
        },
      };
    }),
  );
  return { ...recorded, keepsMemory };
}

/** What all layers of a stack read. */
interface ReadStack {
  readonly plan: StackPlan;
  /** What the encoder gave, biases of positions, and biases of zeros. */
  readonly shared: readonly [Shared | null, Shared | null, Shared | null];
  readonly tableDtype: Dtype;
  readonly zerosDtype: Dtype;
}

/** Runs a layer on hidden states and on what it shares with the others. */
function runLayer(
  m: Machine,
  x: Value,
  { plan, shared, tableDtype, zerosDtype }: ReadStack,
  { layer, table, isLast }: {
    layer: EncoderLayerPlan;
    table: Parameter | null;
    isLast: boolean;
  },
): { out: Value; readings: readonly Reading[]; keepsMemory: boolean } {
  // The last layer's backward pass comes first, and begins each sum.
  const all = shared.map((each) => each && readShared(m, each, !isLast));
  const [memory = null, bias = null, zeros = null] = all.map((reading) =>
    reading?.value ?? null
  );
  const out = m.call(() => {
    const own = table && biases(m, plan, table, true);
    const { queries = 0, keys = 0, heads = 0 } = layer.cross?.own.heads ?? {};
    const crossBias = own && layer.cross
      ? m.create(heads * queries * keys, zerosDtype, "biases of zeros")
      : zeros;
    const positions = own ?? bias;
    return encoderLayer(m, x, layer, {
      memory,
      table: rotaryTableOf(
        m,
        { rotaryRows: plan.tokens, rotaryWidth: plan.rotaryWidth },
        tableDtype,
      ),
      bias: positions && { value: positions, isTurned: true },
      crossBias: crossBias && { value: crossBias, isTurned: false },
    });
  });
  return {
    out,
    readings: all.filter((reading) => reading !== null),
    keepsMemory: memory !== null && m.tape.references(memory.storage) > 1,
  };
}

/** Source: huggingface/transformers models/bert, t5, bart, whisper: forward */
function lossSettings(
  { scenario: { train } }: StepPlan,
  { head: { offset }, family: { copies } }: EncoderPlan,
): LossSettings {
  return {
    copies,
    kernel: train.kernels === "compile" ? "compiled" : "eager",
    softcap: false,
    scaled: false,
    keepsLogits: false,
    offset,
  };
}
