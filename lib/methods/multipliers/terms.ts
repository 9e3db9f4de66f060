import type { KvCache } from "../../answer/serving.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Term } from "../method.ts";
import { activations } from "./activations.ts";
import type { MultipliersSetup } from "./setup.ts";
import { spelled } from "./setup.ts";

/**
 * Training: weights, gradients and optimizer states as multiples of the weights,
 * activations, the embedding once more, and the input's hidden vectors.
 *
 * @param multiplier Bytes of optimizer states over bytes of weights.
 */
export function trainingTerms(
  setup: MultipliersSetup,
  multiplier: number,
): Term[] {
  return [
    weights(setup),
    ofWeights(setup, "gradients", 1),
    ofWeights(setup, "optimizer states", multiplier),
    activations(setup),
    embeddings(setup),
    inputData(setup),
  ];
}

/** Serving: the same without what trains, and with a key-value cache. */
export function servingTerms(
  setup: MultipliersSetup,
): { terms: Term[]; kv: KvCache } {
  const { scenario, model, batch, length, bytes } = setup;
  const { layers, hidden_size } = model.architecture;
  const perToken = scenario.serve.kv_cache
    ? 2 * layers * hidden_size * bytes
    : 0;
  const cache: Term = {
    name: "KV cache",
    bytes: batch * length * perToken,
    formula: spelled(setup, [`2 × ${layers} layers`, hidden_size]),
    basis: "assumed",
  };
  const rest = [embeddings(setup), inputData(setup), activations(setup)];
  const fixed = [weights(setup), ...rest].reduce(
    (sum, term) => sum + term.bytes,
    0,
  );
  const tokens = perToken > 0
    ? Math.max(
      0,
      Math.floor((usableBytes(scenario.hardware.gpu) - fixed) / perToken),
    )
    : null;
  return {
    terms: [weights(setup), cache, ...rest],
    kv: {
      bytes_per_token: Math.round(perToken),
      bytes: Math.round(cache.bytes),
      max_tokens: tokens,
      max_sequences: tokens === null ? null : Math.floor(tokens / length),
    },
  };
}

function weights({ scenario, model, bytes }: MultipliersSetup): Term {
  return {
    name: "weights",
    bytes: model.parameters * bytes,
    formula: `${groupDigits(model.parameters)} × ${bytes} B`,
    basis: scenario.quantization.weights === "none"
      ? model.parameters_basis
      : "assumed",
  };
}

function ofWeights(
  { model, bytes }: MultipliersSetup,
  name: string,
  multiplier: number,
): Term {
  const once = `${groupDigits(model.parameters)} × ${bytes} B`;
  return {
    name,
    bytes: model.parameters * bytes * multiplier,
    formula: multiplier === 1 ? once : `${once} × ${multiplier}`,
    basis: "assumed",
  };
}

/** The embedding, which the weights hold already. */
function embeddings({ model, bytes }: MultipliersSetup): Term {
  const { vocab_size, hidden_size } = model.architecture;
  return {
    name: "embeddings",
    bytes: vocab_size * hidden_size * bytes,
    formula: `${groupDigits(vocab_size)} × ${hidden_size} × ${bytes} B`,
    basis: "assumed",
  };
}

function inputData(setup: MultipliersSetup): Term {
  const { model, batch, length, bytes } = setup;
  const { hidden_size } = model.architecture;
  return {
    name: "input data",
    bytes: batch * length * hidden_size * bytes,
    formula: spelled(setup, [hidden_size]),
    basis: "assumed",
  };
}
