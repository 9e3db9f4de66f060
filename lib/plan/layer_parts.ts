import type { Config } from "../models/config.ts";
import { numberOf } from "../models/families/code/setting.ts";
import type { BesidePlan } from "../play/layers/beside_layer.ts";
import type { MlpPlan } from "../play/layers/mlp_layer.ts";
import type { IndexerPlan } from "../play/layers/token_indexer.ts";
import type { StreamsPlan } from "../play/layers/streams.ts";
import type { OwnInputsPlan } from "../play/layers/own_inputs.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import { routedExpertsOf } from "./experts_plan.ts";
import type { LayerFacts } from "./layer_facts.ts";
import type { Modules } from "./modules.ts";

/** Experts beside an MLP, each half with norms around it; null where there are none. */
export function expertsBesideOf(
  modules: Modules,
  facts: LayerFacts,
  mlp: MlpPlan | null,
): BesidePlan | null {
  const named = namedNorms(modules, facts);
  const afterMlp = named(/post_feedforward_layernorm_1\.weight$/);
  const before = named(/pre_feedforward_layernorm_2\.weight$/);
  const after = named(/post_feedforward_layernorm_2\.weight$/);
  if (!mlp || !afterMlp || !before || !after) return null;
  const routed = routedExpertsOf(modules, facts);
  if (!routed) return null;
  const { router, experts: network } = routed;
  return { router, network, mlp, afterMlp, before, after };
}

/** What a layer makes of the tokens' own inputs for it; null where it has none. */
export function ownInputsOf(
  modules: Modules,
  facts: LayerFacts,
): OwnInputsPlan | null {
  const linear = (pattern: RegExp) =>
    modules.linear(modules.pathOf((name) => pattern.test(name)));
  const gate = linear(/^per_layer_input_gate\./);
  const projection = linear(/^per_layer_projection\./);
  const norm = namedNorms(modules, facts)(/^post_per_layer_input_norm\./);
  return gate && projection && norm
    ? { gate, projection, norm, activation: facts.traits.activation }
    : null;
}

/** How a layer's streams predict and correct each other; null where it has one. */
export function streamsOf(
  modules: Modules,
  facts: LayerFacts,
): StreamsPlan | null {
  const linear = (name: string) =>
    modules.linear(modules.pathOf((each) => each === `${name}.weight`));
  const named = namedNorms(modules, facts);
  const [router, predict, correct, left, right] = [
    "altup.modality_router",
    "altup.prediction_coefs",
    "altup.correction_coefs",
    "laurel.linear_left",
    "laurel.linear_right",
  ].map(linear);
  const routerNorm = named(/^altup\.router_norm\./);
  const norm = named(/^laurel\.post_laurel_norm\./);
  if (!router || !predict || !correct || !left || !right) return null;
  if (!routerNorm || !norm) return null;
  return {
    count: router.out,
    routerNorm,
    router,
    predict,
    correct,
    clamps: facts.config["altup_coef_clip"] !== null,
    outputScale: facts.config["altup_correct_scale"] === false
      ? null
      : modules.parameter("altup.correct_output_scale"),
    around: { left, right, norm },
  };
}

/** What picks the tokens that attention looks at; null where nothing does. */
export function indexerOf(
  modules: Modules,
  config: Config,
): IndexerPlan | null {
  const [queries, keys, weights] = ["wq_b", "wk", "weights_proj"].map((name) =>
    modules.linear(
      modules.pathOf((each) => each.endsWith(`.indexer.${name}.weight`)),
    )
  );
  if (!queries || !keys || !weights) return null;
  return {
    queries,
    keys,
    weights,
    keyNorm: modules.norm(
      modules.pathOf((each) => /\.indexer\.k_norm\.weight$/.test(each)),
      "layer",
    ),
    picks: numberOf(config, [["index_topk"], PICKS]),
  };
}

/** Source: huggingface/transformers models/deepseek_v32/configuration_deepseek_v32.py */
const PICKS = 2048;

function namedNorms(
  modules: Modules,
  { traits }: LayerFacts,
): (pattern: RegExp) => Norm | null {
  return (pattern) =>
    modules.norm(modules.pathOf((name) => pattern.test(name)), traits.norm);
}
