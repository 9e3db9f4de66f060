import type { Block, Carried } from "../block.ts";
import { blockOf } from "../block.ts";
import type { Dtype } from "../../torch/dtype.ts";
import { DTYPE_BYTES } from "../../torch/dtype.ts";
import { freeLeaf } from "../../torch/leaf.ts";
import type { MachineSettings } from "../../torch/machine_settings.ts";
import { Machine } from "../../torch/machine.ts";
import type { PartName } from "../../../answer/parts.ts";
import { embedded, heard } from "./entered.ts";
import type { StackEnds } from "./stack_ends.ts";
import { TABLE_GRADIENT } from "../loss_block.ts";
import type { Shared } from "./shared.ts";
import { biases, embeddedDistances } from "./shared_positions.ts";

/** What stands before a stack's layers. */
export interface EntryBlock extends Block {
  readonly needsGrad: boolean;
  /** Biases of positions for all layers; null where layers have none to share. */
  readonly bias: Shared | null;
  /** Zeros that a decoder's attention to the encoder adds to its scores. */
  readonly zeros: Shared | null;
}

/** How a stack begins. */
export interface EntrySettings {
  readonly part: PartName;
  readonly forcesGrad: boolean;
  /** Labels of the loss, which the batch holds; 0 where another block does. */
  readonly labels: number;
  /** Whether checkpoints hold what layers share until they have run again. */
  readonly keepsShared: boolean;
  /** Elements of biases of zeros that layers share; 0 where there are none. */
  readonly zeros: number;
  readonly zerosDtype: Dtype;
  /** What the mask of pairs is in, where the stack's code makes one. */
  readonly pairsDtype: Dtype;
  /** Whether attention keeps those zeros, each layer the same. */
  readonly keepsZeros: boolean;
  /** Whether their gradient is computed, as under checkpoints. */
  readonly zerosNeedGrad: boolean;
  /** The mask of padding that all layers get; none where it has no elements. */
  readonly mask: { readonly elements: number; readonly dtype: Dtype };
  /** Whether layers keep it. */
  readonly keepsMask: boolean;
}

/** Records what stands before a stack's layers. */
export function recordEntry(
  settings: MachineSettings,
  plan: StackEnds,
  own: EntrySettings,
): EntryBlock {
  const m = new Machine(settings);
  const begun = settings.begun
    ? m.waitingFor(settings.begun.parameter)?.storage ?? null
    : null;
  m.part = "inputs";
  const { entry, batch, tokens } = plan;
  const rows = batch * tokens;
  const given = "table" in entry
    ? m.create(rows, "int64", `${plan.name} token ids`)
    : m.external(
      batch * entry.mels * entry.frames,
      entry.dtype,
      "features of the sound",
      null,
    );
  const labels = m.create(own.labels, "int64", "labels");
  m.part = "embeddings";
  const { out, held, leaf } = "table" in entry
    ? embedded(m, given, plan, entry, own.forcesGrad)
    : heard(m, given, plan, entry, own.forcesGrad);
  const table = plan.rotaryWidth === 0
    ? []
    : ["cosines", "sines"].map((name) =>
      m.create(tokens * plan.rotaryWidth, out.dtype, `rotary ${name}`)
    );
  m.part = "attention activations";
  const bias = plan.distances
    ? embeddedDistances(m, plan.distances)
    : plan.bias && biases(m, plan, plan.bias, !own.keepsShared);
  const pairs = plan.seesPairs
    ? [
      m.create(batch * tokens ** 2, own.pairsDtype, "mask of pairs"),
      m.create(tokens ** 2, "int64", "distances"),
    ]
    : [];
  const zeros = m.create(own.zeros, own.zerosDtype, "biases of zeros");
  const mask = m.create(own.mask.elements, own.mask.dtype, "mask of padding");
  const forward = m.tape.events.length;
  const dropShared = (keeps: boolean) => {
    if (own.keepsShared === keeps) m.drop(...bias ? [bias] : [], ...pairs);
    if (own.keepsZeros === keeps) m.drop(zeros);
    if (own.keepsMask === keeps) m.drop(mask);
  };
  dropShared(false);
  m.drop(...held);
  const done = m.tape.events.length;
  m.endForward();
  const exit = m.tape.events.length;
  const gradOut = m.external(
    out.elements,
    out.dtype,
    "gradient of hidden states",
    null,
    "activation gradients",
  );
  dropShared(true);
  const carried: Carried[] = [];
  const sumOf = (
    { name, gradient }: typeof BIAS,
    elements: number,
    dtype: Dtype,
  ) => {
    const taken = m.tape.external(
      elements * DTYPE_BYTES[dtype],
      gradient,
      "activation gradients",
    );
    carried.push({ name, taken, given: null });
    return taken;
  };
  if (own.zeros > 0 && own.zerosNeedGrad) {
    m.tape.release(sumOf(ZEROS, own.zeros, own.zerosDtype));
  }
  const needsGrad = out.source !== null;
  const { source } = bias ?? {};
  const isMade = bias && source && (plan.distances || !("trains" in source));
  const sum = isMade
    ? {
      storage: sumOf(BIAS, bias.elements, bias.dtype),
      elements: bias.elements,
      dtype: bias.dtype,
    }
    : null;
  m.backwardOfAll([
    [out, needsGrad ? gradOut : null],
    ...bias && sum ? [[bias, sum] as const] : [],
  ]);
  if (leaf) freeLeaf(m, leaf);
  m.drop(...table, labels);
  if ("table" in entry) m.drop(given);
  const tied = "table" in entry ? m.waitingFor(entry.table)?.storage : null;
  carried.push({ name: TABLE_GRADIENT, taken: begun, given: tied ?? null });
  return {
    ...blockOf(m, [forward, done, exit], {
      in: null,
      out: out.storage,
      gradIn: null,
      gradOut: gradOut.storage,
      carried,
      outputDtype: out.dtype,
    }, own.part),
    needsGrad,
    bias: bias && {
      ...BIAS,
      elements: bias.elements,
      dtype: bias.dtype,
      needsGrad: bias.source !== null,
      part: "attention activations",
    },
    zeros: own.zeros === 0 ? null : {
      ...ZEROS,
      elements: own.zeros,
      dtype: own.zerosDtype,
      needsGrad: own.zerosNeedGrad,
      part: "attention activations",
    },
  };
}

/** What all layers read, and their gradients, which are handed on by name. */
const BIAS = {
  name: "biases of positions",
  gradient: "gradient of biases of positions",
};
const ZEROS = {
  name: "biases of zeros",
  gradient: "gradient of biases of zeros",
};
