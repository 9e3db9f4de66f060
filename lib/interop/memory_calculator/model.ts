import type { Architecture } from "../../models/architecture.ts";
import { findModel } from "../../models/catalogue.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Dims } from "../../scenario/model_field.ts";
import { formatCount } from "../../units/mod.ts";
import type { CalculatorConfig } from "./schema.ts";

type ConfigModel = CalculatorConfig["model"];

/** A model's dimensions, and what was assumed beside the given ones. */
export interface DimsRead {
  dims: Dims;
  /** The catalogue's model of the same name and shape; null where there is none. */
  known: string | null;
  assumed: string[];
}

/**
 * Fills in the dimensions that a configuration does not have: those of the
 * catalogue's model of the same name and shape, else the MLP's width that makes
 * the dimensions add up to the stated count.
 */
export function dimsOf(model: ConfigModel): DimsRead {
  const known = sameInCatalogue(model);
  const stated = {
    parameters: model.num_parameters,
    layers: model.num_layers,
    hidden_size: model.hidden_size,
    attention_heads: model.num_attention_heads,
    vocab_size: model.vocab_size,
    max_position_embeddings: model.max_seq_len,
    tie_embeddings: false,
    gated_mlp: true,
    ...(model.moe_enabled
      ? {
        experts: model.num_experts,
        experts_per_token: model.top_k,
        expert_intermediate_size: model.expert_intermediate_size ??
          USUAL_WIDTH * model.hidden_size,
        ...(model.shared_expert_intermediate_size === null ? {} : {
          shared_expert_intermediate_size:
            model.shared_expert_intermediate_size,
        }),
      }
      : {}),
  };
  if (known) {
    const { kv_heads, head_dim, intermediate_size } = known.architecture;
    return {
      dims: {
        ...stated,
        kv_heads,
        head_dim,
        intermediate_size,
        tie_embeddings: known.architecture.tie_embeddings,
        gated_mlp: known.architecture.gated_mlp,
      },
      known: known.id,
      assumed: [
        `The MLP's width and the key-value heads are those of ${known.id}, which has the name and the shape of the file's model`,
      ],
    };
  }
  const assumed = [
    "As many key-value heads as attention heads, a gated MLP and no tied embeddings: the file does not say",
  ];
  if (model.moe_enabled) {
    if (model.expert_intermediate_size === null) {
      assumed.push(
        `model.expert_intermediate_size is not given: ${USUAL_WIDTH} × hidden_size`,
      );
    }
    return { dims: stated, known: null, assumed };
  }
  const width = widthFor(model);
  if (width === null) return { dims: stated, known: null, assumed };
  assumed.push(
    `An MLP of width ${width}, with which the dimensions add up to ${
      formatCount(model.num_parameters)
    } parameters`,
  );
  return {
    dims: { ...stated, intermediate_size: width },
    known: null,
    assumed,
  };
}

/** An expert's width where it is not given, as a multiple of hidden_size. */
const USUAL_WIDTH = 4;

/** An MLP narrower than this share of the hidden size is no MLP. */
const LEAST_WIDTH = 0.25;

/** Projections of attention: query, key, value and output. */
const ATTENTION_PROJECTIONS = 4;
/** Projections of a gated MLP: gate, up and down. */
const MLP_PROJECTIONS = 3;

/** The width of a gated MLP that is left over beside embeddings and attention. */
function widthFor(model: ConfigModel): number | null {
  const { num_parameters, num_layers, hidden_size, vocab_size } = model;
  const others = 2 * vocab_size * hidden_size +
    ATTENTION_PROJECTIONS * hidden_size ** 2 * num_layers;
  const width = Math.round(
    (num_parameters - others) / (MLP_PROJECTIONS * hidden_size * num_layers),
  );
  return width >= LEAST_WIDTH * hidden_size ? width : null;
}

function sameInCatalogue(
  model: ConfigModel,
): { id: string; architecture: Architecture } | null {
  const entry = findModel(model.name);
  if (!entry) return null;
  const resolved = resolveModel(entry.id);
  if (!resolved.ok) return null;
  const { architecture } = resolved.value;
  const same = architecture.layers === model.num_layers &&
    architecture.hidden_size === model.hidden_size &&
    architecture.attention_heads === model.num_attention_heads &&
    architecture.vocab_size === model.vocab_size &&
    architecture.experts === (model.moe_enabled ? model.num_experts : 0);
  return same ? { id: entry.id, architecture } : null;
}
