import { numberOf } from "../../../models/families/code/setting.ts";
import type { NormKind } from "../../../models/families/code/layer.ts";
import { visionConfig } from "../../../models/families/code/sight.ts";
import type { Tensor } from "../../../models/tensors/tensor.ts";
import type { PlainSight } from "../../../play/layers/plain_sight.ts";
import {
  embeddedPatches,
  projectedPatches,
} from "../../../play/layers/plain_sight.ts";
import { activationKind } from "../../../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import type { SightSource } from "../../sight.ts";
import type { KindSight } from "./question.ts";
import {
  layerStages,
  readsSeveralLayers,
  standingTable,
  towerActivation,
  unreadStages,
  visionNumber,
} from "./question.ts";

/** Towers of CLIP's build, and Qwen2-VL's, whose images keep their resolution. */
export const plainSight: KindSight = (question) => {
  if (readsSeveralLayers(question)) return null;
  const { model, outside, stacks, code, config, images, seen } = question;
  const inTower = (test: (name: string, tensor: Tensor) => boolean) =>
    outside.find((name, tensor) =>
      tensor.piece === "vision_tower" && test(name, tensor)
    );
  const weight = outside.parameter(
    inTower((name, { module }) => module === "conv" && name.endsWith("weight")),
  );
  const linears = projections(question);
  const [stack] = stacks;
  if (stacks.length !== 1 || !stack || !weight || !linears.length) return null;
  const tower = visionConfig(config);
  const positions = outside.parameter(
    inTower((_, { role, module }) =>
      role === "position" && module === "embedding"
    ),
  );
  const classToken =
    inTower((name) => name.endsWith("class_embedding")) !== null;
  const [width = 1] = weight.shape;
  const [down, across] = seen.grid;
  const patches = code.native
    ? down * across
    : (positions?.shape[0] ?? 1) - (classToken ? 1 : 0);
  const rows = images * (patches + (classToken ? 1 : 0));
  const heads = visionNumber(
    question,
    ["num_attention_heads", "num_heads"],
    16,
  );
  const merged = code.merged(config, patches);
  const norm = (pattern: RegExp, kind: NormKind) =>
    outside.norm(
      outside.pathOf((name, { piece }) =>
        piece !== "language_model" && pattern.test(name)
      ),
      kind,
    );
  const plan: PlainSight = {
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
    classToken,
    preNorm: norm(/pre_layr?norm/, "layer"),
    positions: positions && { parameter: positions, lookedUp: true },
    dropout: 0,
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
  };
  const unreadLayers = code.unread(config);
  const layers = layerStages(
    stack,
    {
      batch: images,
      tokens: rows / images,
      headWidth: width / heads,
      traits: {
        norm: code.towerNorm,
        rotary: code.native ? "whole" : "none",
        wideRotary: code.native,
        activation: towerActivation(
          question,
          // CLIP's towers alone have a class token.
          classToken ? "quick_gelu" : code.towerActivation,
        ),
        dropout: {
          attention: numberOf(tower, [["attention_dropout"], 0]),
          residual: 0,
          embedding: 0,
        },
        wideSoftmax: true,
      },
      kernels: "eager",
      joins: code.native,
    },
    code.native ? standingTable(rows, width / heads, "fp32") : undefined,
  );
  return {
    sight: {
      pixels: plan.pixels,
      enter: (m, pixels, lead) => embeddedPatches(m, pixels, plan, lead),
      stages: [
        ...layers.slice(0, layers.length - unreadLayers),
        ...unreadStages(question, layers, unreadLayers),
        {
          key: "projector",
          isLayer: false,
          run: (m, x) => projectedPatches(m, x, plan),
        },
      ],
      leads: true,
      readsSize: code.native,
      tokens: plan.tokens,
      others: images * seen.others,
      merge: "scattered",
    },
    unread: (name) =>
      name.startsWith(`${stack.path}.N.`)
        ? unreadLayers
        : !code.finalNorm && /post_layernorm/.test(name) &&
            isOfTower(model, name)
        ? 1
        : 0,
  };
};

function isOfTower(
  { tensors }: SightSource["model"],
  name: string,
): boolean {
  return tensors.some((tensor) =>
    tensor.name === name && tensor.piece === "vision_tower"
  );
}

/** Roles of a projector's matrices, which names alone may not tell. */
const PROJECTS: ReadonlySet<string> = new Set(["projector", "other"]);

/** The projector's matrices, in order; Gemma 3 keeps a bare one, transposed. */
function projections({ model, outside }: SightSource): AdaptedLinear[] {
  return model.tensors.flatMap((
    { name, piece, role, module },
  ): AdaptedLinear | AdaptedLinear[] => {
    if (piece !== "projector" || !PROJECTS.has(role)) return [];
    if (module === "linear" && name.endsWith(".weight")) {
      return outside.linear(name.slice(0, -".weight".length)) ?? [];
    }
    const weight = module === "parameter" ? outside.parameter(name) : null;
    if (!weight) return [];
    const [width = 1, out = 1] = weight.shape;
    return [{ name, in: width, out, weight, bias: null, adapter: null }];
  });
}
