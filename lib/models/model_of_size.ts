import { findModel } from "./catalogue.ts";
import { resolveModel } from "./resolve_model.ts";
import type { Model } from "./model.ts";
import type { Dims } from "../scenario/model_field.ts";
import { formatCount } from "../units/mod.ts";

/** Dense decoders from small to large, whose shape stands for their size. */
const SHAPES = [
  "HuggingFaceTB/SmolLM2-135M",
  "HuggingFaceTB/SmolLM2-360M",
  "meta-llama/Llama-3.2-1B",
  "meta-llama/Llama-3.2-3B",
  "meta-llama/Llama-2-7b-hf",
  "meta-llama/Llama-3.1-8B",
  "meta-llama/Llama-2-13b-hf",
  "Qwen/Qwen2.5-32B",
  "meta-llama/Llama-2-70b-hf",
  "meta-llama/Llama-3.1-405B",
] as const;

/** A model this near to the stated size keeps its own layers. */
const NEAR = 0.05;

/** A model of a size alone. */
export interface SizedModel {
  dims: Dims;
  /** Whose shape it has, in words. */
  assumed: string;
}

/**
 * The dimensions of a dense decoder of which only the size is known: those of
 * the published model nearest to it, with as many layers as make up the size
 * where that one is more than a twentieth off.
 *
 * @param parameters Its parameters.
 */
export function modelOfSize(parameters: number): SizedModel {
  const [nearest, ...others] = SHAPES.map(shapeOf);
  if (!nearest) throw new RangeError("There are no shapes to choose from");
  const chosen = others.reduce(
    (best, each) =>
      distance(each, parameters) < distance(best, parameters) ? each : best,
    nearest,
  );
  const { architecture, name } = chosen;
  const near = Math.abs(chosen.parameters / parameters - 1) <= NEAR;
  const layers = near ? architecture.layers : layersFor(chosen, parameters);
  return {
    dims: {
      layers,
      hidden_size: architecture.hidden_size,
      attention_heads: architecture.attention_heads,
      kv_heads: architecture.kv_heads,
      head_dim: architecture.head_dim,
      intermediate_size: architecture.intermediate_size,
      vocab_size: architecture.vocab_size,
      tie_embeddings: architecture.tie_embeddings,
      gated_mlp: architecture.gated_mlp,
    },
    assumed:
      `The shape of ${name}, the nearest of ${SHAPES.length} published models to ${
        formatCount(parameters)
      } parameters${
        near ? "" : `, with ${layers} layers instead of ${architecture.layers}`
      }`,
  };
}

function shapeOf(id: string): Model {
  const model = resolveModel(findModel(id)?.id ?? id);
  if (!model.ok) throw new RangeError(model.problems[0]?.message ?? id);
  return model.value;
}

function distance(model: Model, parameters: number): number {
  return Math.abs(Math.log(model.parameters / parameters));
}

function layersFor(model: Model, parameters: number): number {
  const { layers, hidden_size, vocab_size, tie_embeddings } =
    model.architecture;
  const embeddings = vocab_size * hidden_size * (tie_embeddings ? 1 : 2);
  const each = (model.parameters - embeddings) / layers;
  return Math.max(1, Math.round((parameters - embeddings) / each));
}
