import { logitsOf } from "../../models/heads/model_head.ts";
import type { Term } from "../method.ts";
import type { FactorsSetup } from "./setup.ts";
import { spelledProduct } from "../spelled.ts";

/** Attention scores stand in fp32. */
const SCORE_BYTES = 4;

/** The vision tower that is assumed for a model whose own is not known. */
const VISION_TOWER = { hidden_size: 1024, layers: 24, patch_size: 14 };

/**
 * What the forward keeps for the backward: attention, MLP, logits, the cache
 * where it is left on, and the vision tower's share.
 *
 * Source: MiaoDX/llm_vlm_memory_estimator@0e8e1ce, `cli.py`, and its reference.
 */
export function activations(setup: FactorsSetup): Term[] {
  return [
    attention(setup),
    mlp(setup),
    logits(setup),
    keyValueCache(setup),
    vision(setup),
  ];
}

function attention(setup: FactorsSetup): Term {
  const { scenario, model, mesh, tokens, kept, activationBytes } = setup;
  const { train, factors } = scenario;
  const { hidden_size, attention_heads } = model.architecture;
  const eager = train.attention === "eager";
  const factor = eager
    ? factors.attn_act_factor_no_fa
    : factors.attn_act_factor_fa;
  const layers = setup.layersPerStage;
  const linear = tokens * layers * hidden_size * factor * activationBytes;
  const scores = eager
    ? tokens * train.sequence_length * attention_heads * layers * SCORE_BYTES
    : 0;
  const dense = spelledProduct(tokens, [
    `${layers} layers`,
    `${hidden_size} × ${factor}`,
    `${activationBytes} B`,
  ], []);
  const quadratic = eager
    ? ` + ${train.micro_batch} × ${attention_heads} heads × ${train.sequence_length}² × ${layers} layers × ${SCORE_BYTES} B`
    : "";
  return {
    name: "attention activations",
    bytes: (linear + scores) * kept / mesh.tp,
    formula: scaled(eager ? `(${dense}${quadratic})` : dense, kept, mesh.tp),
    basis: "assumed",
  };
}

function mlp(setup: FactorsSetup): Term {
  const { scenario, model, mesh, tokens, kept, activationBytes } = setup;
  const { hidden_size } = model.architecture;
  const factor = scenario.factors.mlp_act_factor;
  const layers = setup.layersPerStage;
  return {
    name: "MLP activations",
    bytes: tokens * layers * hidden_size * factor * activationBytes * kept /
      mesh.tp,
    formula: scaled(
      spelledProduct(tokens, [
        `${layers} layers`,
        `${hidden_size} × ${factor}`,
        `${activationBytes} B`,
      ], []),
      kept,
      mesh.tp,
    ),
    basis: "assumed",
  };
}

function logits(setup: FactorsSetup): Term {
  const { scenario, model, mesh, tokens, activationBytes } = setup;
  const { logits_factor, fused_loss_factor } = scenario.factors;
  const fused = scenario.train.loss === "fused" ? fused_loss_factor : 1;
  const vocab = logitsOf(model);
  return {
    name: "logits",
    bytes: tokens * vocab * logits_factor * fused * activationBytes / mesh.tp,
    formula: scaled(
      spelledProduct(
        tokens,
        [`${vocab} × ${logits_factor}`, `${activationBytes} B`],
        [],
      ),
      fused,
      mesh.tp,
    ),
    basis: "assumed",
  };
}

function keyValueCache(setup: FactorsSetup): Term {
  const { scenario, model, mesh, tokens, activationBytes } = setup;
  const { hidden_size } = model.architecture;
  const layers = setup.layersPerStage;
  return {
    name: "KV cache",
    bytes: scenario.factors.kv_cache
      ? 2 * tokens * layers * hidden_size * activationBytes / mesh.tp
      : 0,
    formula: spelledProduct(tokens, [
      "2",
      `${layers} layers`,
      `${hidden_size}`,
      `${activationBytes} B`,
    ], [["tp", mesh.tp]]),
    basis: "assumed",
  };
}

function vision(setup: FactorsSetup): Term {
  const { scenario, model, kept, activationBytes } = setup;
  const { train, factors } = scenario;
  const tower = model.architecture.vision ?? VISION_TOWER;
  const patch = factors.vision_patch ?? tower.patch_size;
  const layers = factors.vision_layers ?? tower.layers;
  const hidden = factors.vision_hidden ?? tower.hidden_size;
  const [height, width] = train.image_size;
  const patches = Math.floor(height / patch) * Math.floor(width / patch);
  const images = train.micro_batch * train.images_per_sample;
  return {
    name: "vision activations",
    bytes: images * patches * layers * hidden * activationBytes * kept,
    formula: scaled(
      spelledProduct(images, [
        `${patches} patches`,
        `${layers} layers`,
        `${hidden}`,
        `${activationBytes} B`,
      ], []),
      kept,
      1,
    ),
    basis: "assumed",
  };
}

function scaled(formula: string, by: number, tp: number): string {
  const kept = by === 1 ? formula : `${formula} × ${by}`;
  return tp === 1 ? kept : `${kept} ÷ tp ${tp}`;
}
