import type { Config } from "../../../models/config.ts";
import type { SightCode } from "../../../models/families/code/sight.ts";
import { visionConfig } from "../../../models/families/code/sight.ts";
import { numberOf } from "../../../models/families/code/setting.ts";
import type { Seen } from "../../../models/images/seen.ts";
import type { ActivationKind } from "../../../play/torch/ops/activations.ts";
import { activationKind } from "../../../play/torch/ops/activations.ts";
import type {
  FoundSight,
  SightSource,
  SightStage,
  Tower,
} from "../../sight.ts";
import { decoderLayer } from "../../../play/layers/decoder_layer.ts";
import type { RotaryTable } from "../../../play/torch/ops/rotary.ts";
import { isFrom } from "../../../scenario/version.ts";
import type { PassEnds, Value } from "../../../play/torch/values.ts";
import type { Dtype } from "../../../play/torch/dtype.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import type { TowerStack } from "../../sight.ts";

/** What a sight is planned from, where the type's kind of tower is known. */
export interface SightQuestion extends SightSource {
  readonly code: SightCode;
  readonly config: Config;
  /** Images of the batch, and what the processor makes of each. */
  readonly images: number;
  readonly seen: Seen;
}

/** How towers of a kind see; null of a model that is not of its build. */
export type KindSight = (question: SightQuestion) => FoundSight | null;

/** Parameters of all stacks that gradients reach: none is left out. */
export const ALL_READ: FoundSight["unread"] = () => 0;

/** A tower's activation function, by its config. */
export function towerActivation(
  { config }: SightQuestion,
  usual: string,
  ...keys: readonly string[]
): ActivationKind {
  const vision = visionConfig(config);
  const said = ["hidden_act", ...keys].map((key) => vision[key]).find((name) =>
    typeof name === "string"
  );
  return activationKind(typeof said === "string" ? said : usual);
}

/** Whether features are those of several of the tower's layers, side by side. */
export function readsSeveralLayers({ config }: SightQuestion): boolean {
  const layers = config["vision_feature_layer"];
  return Array.isArray(layers) && layers.length > 1;
}

/** A number of a tower's config. */
export function visionNumber(
  { config }: SightQuestion,
  keys: readonly string[],
  usual: number,
): number {
  const given = numberOf(visionConfig(config), [keys, usual]);
  return given > 0 ? given : usual;
}

/** No dropout of a tower's layers. */
export const NO_DROPOUT = { attention: 0, residual: 0, embedding: 0 };

/** The layers of a stack as they run in a tower. */
export function layerStages(
  { layers }: TowerStack,
  tower: Tower,
  tableOf: (m: Machine, x: Value) => RotaryTable | null = () => null,
): SightStage[] {
  return layers.map(({ key, planOf }) => ({
    key,
    isLayer: true,
    run: (m, x) => decoderLayer(m, x, planOf(tower), tableOf(m, x)),
  }));
}

/** The most layers that nobody reads are played of a tower; LLaVA's leaves one. */
const MOST_UNREAD = 8;

/** The release from which models give back all that their towers gave. */
const GIVES_TOWERS_BACK = [5, 24] as const;

/**
 * How long what a tower gives, and nobody reads, stands: since 5.24 a model's outputs
 * have the tower's, before that its body lets go of them.
 *
 * Source: huggingface/transformers 5.23.0 and 5.24.0 models/llava/modeling_llava.py,
 * LlavaModel.forward
 */
export function unreadUntil({ scenario }: SightQuestion): keyof PassEnds {
  const { transformers } = scenario.software;
  return isFrom(transformers, GIVES_TOWERS_BACK) ? "forward" : "body";
}

/**
 * A tower's last layers, which run though nobody reads them.
 *
 * Source: huggingface/transformers 5.24.0 models/llava/modeling_llava.py,
 * LlavaModel.get_image_features and forward
 */
export function unreadStages(
  question: SightQuestion,
  layers: readonly SightStage[],
  behind: number,
): SightStage[] {
  if (behind === 0) return [];
  const last = layers.slice(layers.length - behind).slice(-MOST_UNREAD);
  return [{
    key: "layers that nobody reads",
    isLayer: true,
    unread: unreadUntil(question),
    run: (m, x) => {
      let current = x;
      for (const { run } of last) {
        const next = run(m, current, []);
        if (current !== x) m.drop(current);
        current = next;
      }
      return current;
    },
  }];
}

/**
 * Cosines and sines of so many rows, which stand throughout.
 *
 * @param dtype Null: that of hidden states.
 */
export function standingTable(
  rows: number,
  width: number,
  dtype: Dtype | null,
) {
  return (m: Machine, x: Value): RotaryTable => {
    const [cos, sin] = ["cosines", "sines"].map((name) =>
      m.external(rows * width, dtype ?? x.dtype, `tower ${name}`, null)
    );
    if (!cos || !sin) throw new RangeError("a table has two sides");
    return { cos, sin };
  };
}
