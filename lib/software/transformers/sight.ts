import type { Config } from "../../models/config.ts";
import type { NormKind } from "../../models/families/code/layer.ts";
import { numberOf } from "../../models/families/code/setting.ts";
import type { SightCode } from "../../models/families/code/sight.ts";
import { visionConfig } from "../../models/families/code/sight.ts";
import { codeOfType } from "../../models/families/mod.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { activationKind } from "../../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type { SightOf, SightSource } from "../sight.ts";

/** How a model of transformers sees, where its family is known. */
export const transformersSight: SightOf = (source) => {
  const { scenario, model, outside, towers } = source;
  const { type } = model.architecture;
  const code = codeOfType(type).sight;
  const config = model.config ?? {};
  const inTower = (test: (name: string, tensor: Tensor) => boolean) =>
    outside.find((name, tensor) =>
      tensor.piece === "vision_tower" && test(name, tensor)
    );
  const weight = outside.parameter(
    inTower((name, { module }) => module === "conv" && name.endsWith("weight")),
  );
  const linears = projections(source);
  if (!code || towers !== 1 || !weight || !linears.length) {
    return {
      reason: `images of models of type ${type} are not played through`,
    };
  }
  const tower = visionConfig(config);
  const positions = outside.parameter(
    inTower((_, { role, module }) =>
      role === "position" && module === "embedding"
    ),
  );
  const hasClass = inTower((name) => name.endsWith("class_embedding")) !== null;
  const images = scenario.train.micro_batch * scenario.train.images_per_sample;
  const [width = 1] = weight.shape;
  const kernel = weight.shape.at(-1) ?? 1;
  const patches = code.native
    ? nativePatches(scenario.train.image_size, kernel, config, code)
    : (positions?.shape[0] ?? 1) - (hasClass ? 1 : 0);
  const rows = images * (patches + (hasClass ? 1 : 0));
  const heads = numberOf(tower, [["num_attention_heads", "num_heads"], 16]);
  const merged = code.merged(config, patches);
  const norm = (pattern: RegExp, kind: NormKind) =>
    outside.norm(
      outside.pathOf((name, { piece }) =>
        piece !== "language_model" && pattern.test(name)
      ),
      kind,
    );
  const act = tower["hidden_act"];
  return {
    sight: {
      images,
      pixels: {
        elements: images * patches * weight.elements / width,
        dtype: "fp32",
      },
      rows,
      width,
      patches: {
        weight,
        bias: outside.parameter(
          inTower((name, { module }) =>
            module === "conv" && name.endsWith(".bias")
          ),
        ),
        rows: images * patches,
      },
      classToken: hasClass,
      preNorm: norm(/pre_layr?norm/, "layer"),
      positions: positions && { parameter: positions, lookedUp: true },
      dropout: 0,
      rotaryWidth: code.native ? width / heads : 0,
      finalNorm: code.finalNorm ? norm(/post_layernorm/, "layer") : null,
      projector: {
        joins: merged,
        makes: code.pools ? "means" : code.native ? "nothing" : "a copy",
        normRows: code.native ? rows : images * patches / merged,
        norm: norm(/ln_q|mm_soft_emb_norm/, code.native ? "rms" : "gemma"),
        linears,
        activation: activationKind(code.activation),
      },
      tokens: images * patches / merged,
      merge: "scattered",
    },
    tower: {
      headWidth: width / heads,
      traits: {
        arrangement: "pre",
        norm: code.towerNorm,
        rotary: code.native ? "whole" : "none",
        wideRotary: code.native,
        repeatedTables: false,
        activation: activationKind(
          typeof act === "string" ? act : code.towerActivation,
        ),
        dropout: {
          attention: numberOf(tower, [["attention_dropout"], 0]),
          residual: 0,
          embedding: 0,
        },
        scaledResiduals: false,
        wideSoftmax: true,
        attentionSoftcap: false,
      },
      kernels: "eager",
      unreadLayers: code.unread(config),
      unread: code.finalNorm ? null : /post_layernorm/,
    },
  };
};

/** The projector's matrices, in order; Gemma 3 keeps a bare one, transposed. */
function projections({ model, outside }: SightSource): AdaptedLinear[] {
  return model.tensors.flatMap(({ name, piece, role, module }) => {
    if (piece !== "projector" || role !== "projector") return [];
    if (module === "linear" && name.endsWith(".weight")) {
      return outside.linear(name.slice(0, -".weight".length)) ?? [];
    }
    const weight = module === "parameter" ? outside.parameter(name) : null;
    if (!weight) return [];
    const [width = 1, out = 1] = weight.shape;
    return [{ name, in: width, out, weight, bias: null, adapter: null }];
  });
}

/**
 * Patches of an image whose sides are rounded to whole tokens.
 *
 * Source: huggingface/transformers models/qwen2_vl/image_processing_qwen2_vl.py,
 * smart_resize; its limits on the area belong to the processor and are not known.
 */
function nativePatches(
  [height, width]: readonly [number, number],
  patch: number,
  config: Config,
  code: SightCode,
): number {
  const side = patch * Math.sqrt(code.merged(config, 1));
  const tokens = (length: number) => Math.max(1, Math.round(length / side));
  return tokens(height) * tokens(width) * code.merged(config, 1);
}
