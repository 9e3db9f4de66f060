import { PEFT_PREFIX } from "../models/lora/names.ts";
import type { Model } from "../models/model.ts";
import { holdsLayer, numbersOf } from "../models/tensors/layer_numbers.ts";
import { hasTower, isOfTower } from "../models/tensors/tower.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import type { Trained } from "../optimizers/rule.ts";
import type { EncoderPlan } from "./encoders/encoder_plan.ts";
import { isOfCrossing } from "./crossing_kind.ts";
import type { VisionPlan } from "./vision_plan.ts";

/**
 * Leaves out what no gradient reaches, for which optimizers keep nothing: towers
 * and projectors of a step without images, the decoder's layers that would attend to
 * them, those of sounds where images alone are seen, and layers that nobody reads. Their
 * gradients stay None, and torch.optim passes such a parameter by before it makes
 * a state. Adapters go with what they adapt.
 *
 * Source: pytorch/pytorch torch/optim/adamw.py, _init_group
 */
export function reached(
  trained: readonly Trained[],
  model: Model,
  { vision, encoders }: Seeing,
): Trained[] {
  const unseen = isBlind(model, { vision, encoders })
    ? sensesOf(model, isOfSense)
    : vision !== null && encoders === null
    ? sensesOf(model, isOfHearing)
    : NOTHING;
  const passed = vision === null ? passedOf(model) : NONE_PASSED;
  return trained.map((each) => {
    const name = ownName(each.name);
    const copies = unseen.has(moduleOf(name)) ||
        encoders?.family.unread?.test(name)
      ? 0
      : each.copies - (vision?.unread(name) ?? 0) -
        (passed.get(moduleOf(name)) ?? 0);
    return { ...each, copies };
  }).filter(({ copies }) => copies > 0);
}

/** How a plan's towers run; null: they do not. */
interface Seeing {
  readonly vision: VisionPlan | null;
  readonly encoders: EncoderPlan | null;
}

/** Whether a step runs none of the towers that its model has. */
export function isBlind(
  model: Model,
  { vision, encoders }: Seeing,
): boolean {
  return vision === null && encoders === null && hasTower(model);
}

const NONE_PASSED: ReadonlyMap<string, number> = new Map();

/** How many copies of each module lie in layers that are passed by without images. */
function passedOf({ tensors }: Model): ReadonlyMap<string, number> {
  const gate = tensors.find(isOfCrossing);
  if (gate === undefined) return NONE_PASSED;
  const crossing = numbersOf(gate.layers ?? []);
  const path = gate.name.slice(0, gate.name.indexOf(".N.") + 3);
  return new Map(
    tensors.filter(({ name }) => name.startsWith(path)).map((
      { name, layers },
    ) => [
      moduleOf(name),
      crossing.filter((at) => holdsLayer(layers ?? [], at)).length,
    ]),
  );
}

const NOTHING: ReadonlySet<string> = new Set();

/** Modules between images or sounds and the decoder. */
function sensesOf(
  { tensors }: Model,
  isUnused: (tensor: Tensor) => boolean,
): ReadonlySet<string> {
  const embedders = new Set(
    tensors.flatMap(({ name }) =>
      name.endsWith(EMBEDS_TEXT) ? [name.slice(0, -EMBEDS_TEXT.length)] : []
    ),
  );
  return new Set(
    tensors.filter(isUnused).map(({ name }) => moduleOf(name)).filter((path) =>
      path.endsWith(".soft_embedding_norm") || !embedders.has(moduleOf(path))
    ),
  );
}

/**
 * Tells modules that embed tokens of text too: Gemma 3n runs both of its own on
 * every token that it is given, and on none of them its norm of soft tokens.
 *
 * Source: huggingface/transformers 5.23.0 models/gemma3n/modeling_gemma3n.py,
 * Gemma3nModel.forward
 */
const EMBEDS_TEXT = ".hard_embedding_norm.weight";

function isOfSense(tensor: Tensor): boolean {
  return isOfTower(tensor) || tensor.piece === "projector";
}

/** Whether a tensor makes tokens of sounds: no step is given any with images. */
function isOfHearing({ piece, name }: Tensor): boolean {
  return piece === "audio_tower" ||
    piece === "projector" && /(^|[._])(audio|speech)(_|\.)/.test(name);
}

/** The name of what is adapted, as the model itself has it. */
function ownName(name: string): string {
  return name.startsWith(PEFT_PREFIX)
    ? name.slice(PEFT_PREFIX.length).replace(ADDED, ".weight")
    : name;
}

/** What PEFT puts behind the path of a module. */
const ADDED = /(\.base_layer)?\.(out_proj\.)?(lora_|modules_to_save\.).*$/;

function moduleOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}
