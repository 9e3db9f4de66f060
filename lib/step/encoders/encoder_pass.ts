import type { Block } from "../block.ts";
import { recordLayer } from "../block.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import type { Dtype } from "../dtype.ts";
import { encoderLayer } from "../layers/encoder_layer.ts";
import type { MachineSettings, Value } from "../machine.ts";
import type { PositionBias } from "../ops/attention.ts";
import type { LossSettings } from "../ops/loss.ts";
import type { RotaryTable } from "../ops/rotary.ts";
import type { PartName } from "../parts.ts";
import type { Pass } from "../pass.ts";
import { forcesGrad, isCheckpointed } from "../pass.ts";
import type { EncoderPlan, StackPlan } from "../plan/encoders/encoder_plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { EntryBlock } from "./entry_block.ts";
import { biases, recordEntry } from "./entry_block.ts";
import { recordMemory } from "./memory_block.ts";
import type { Reading, Shared } from "./shared.ts";
import { carrying, readShared } from "./shared.ts";
import { recordTask } from "./task_block.ts";

/** The layers of a stack, recorded. */
interface Layers {
  readonly blocks: readonly Block[];
  readonly dtype: Dtype;
  readonly needsGrad: boolean;
  /** Whether a layer keeps what the encoder gave. */
  readonly keepsMemory: boolean;
  readonly hostBytes: number;
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
    return {
      vision: [],
      encoder: [],
      embedding: entry,
      layers: layers.blocks,
      head: recordTask(
        { ...settings, awaited: tied },
        encoder,
        head,
        loss,
        { ...layers, part },
      ),
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
    vision: [],
    encoder: [
      first,
      ...reading.blocks,
      recordMemory(settings, encoder, end, layers.keepsMemory),
    ],
    embedding: entry,
    layers: layers.blocks,
    head: recordTask(
      { ...settings, awaited: tied },
      decoder,
      head,
      loss,
      { ...layers, part },
    ),
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
    forcesGrad: facts.code.forcesGrad && forcesGrad(scenario),
    labels: stack !== encoder
      ? 0
      : head.reads === "tokens"
      ? asksFor.batch * asksFor.tokens
      : asksFor.batch,
    keepsShared: checkpoints,
    zeros: reads ? stack.heads * stack.tokens * encoder.tokens : 0,
    zerosDtype: precision.autocast ?? precision.weights,
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
  const elements = plan.batch * plan.tokens * plan.width;
  const known = new Map<string, Block>();
  const blocks: Block[] = [];
  let { needsGrad, outputDtype: dtype } = entry;
  const tableDtype = dtype;
  const { autocast, weights } = scenario.precision;
  const zerosDtype = autocast ?? weights;
  const ownZeros = memory && plan.stack.kinds.some((kind) => plan.biasOf(kind))
    ? plan.heads * plan.tokens * memory.elements / elements * plan.tokens
    : 0;
  let keepsMemory = false;
  let hostBytes = 0;
  const shared = [memory, entry.bias, entry.zeros];
  for (const [at, kind] of plan.stack.layers.entries()) {
    const checkpoint = isCheckpointed(checkpointing, at);
    const isLast = at === plan.stack.layers.length - 1;
    const slides = plan.slides(at);
    const held = at === 0 && plan.holdsEmbeddings;
    const key =
      `${kind.id} ${needsGrad} ${dtype} ${checkpoint} ${isLast} ${held} ${slides}`;
    let block = known.get(key);
    if (!block) {
      const layer = plan.layerOf(kind, slides);
      const own = plan.biasOf(kind);
      const readings: [Shared, Reading][] = [];
      block = recordLayer(
        settings,
        {
          elements,
          dtype,
          needsGrad,
          checkpoint,
          part,
          offload,
          isLeaf: false,
          held,
          stopsEarly: true,
        },
        (m, x) =>
          m.call(() => {
            readings.length = 0;
            const [states = null, bias = null, crossBias = null] = shared.map(
              (each) => {
                if (!each) return null;
                const reading = readShared(m, each, !isLast);
                readings.push([each, reading]);
                return reading.value;
              },
            );
            const zeros = ownZeros > 0
              ? m.create(ownZeros, zerosDtype, "biases of zeros")
              : crossBias;
            const out = encoderLayer(m, x, layer, {
              memory: states,
              table: tableIn(),
              bias: turned(own ? biases(m, plan, own, true) : bias),
              crossBias: zeros && { value: zeros, isTurned: false },
            });
            if (states && m.tape.references(states.storage) > 1) {
              keepsMemory = true;
            }
            return out;

            function tableIn(): RotaryTable | null {
              if (plan.rotaryWidth === 0) return null;
              const [cos, sin] = ["cos", "sin"].map((name) =>
                m.external(
                  plan.tokens * plan.rotaryWidth,
                  tableDtype,
                  name,
                  null,
                )
              );
              return cos && sin ? { cos, sin } : null;
            }
          }),
      );
      block = carrying(block, readings);
      known.set(key, block);
    }
    blocks.push(block);
    keepsMemory ||= checkpoint;
    if (checkpoint && offload) hostBytes += elements * DTYPE_BYTES[dtype];
    needsGrad = block.gradOut !== null;
    dtype = block.outputDtype;
  }
  return { blocks, dtype, needsGrad, keepsMemory, hostBytes };
}

function turned(value: Value | null): PositionBias | null {
  return value && { value, isTurned: true };
}

/** Source: huggingface/transformers models/bert, t5, bart, whisper: forward */
function lossSettings(
  { scenario: { train } }: StepPlan,
  { head: { offset }, family: { copies } }: EncoderPlan,
): LossSettings {
  return {
    kind: "full",
    chunks: null,
    copies,
    kernel: train.kernels === "compile" ? "compiled" : "eager",
    softcap: false,
    scaled: false,
    keepsLogits: false,
    offset,
  };
}
