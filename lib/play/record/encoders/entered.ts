import type { GraphLeaf } from "../../torch/leaf.ts";
import { leafOf } from "../../torch/leaf.ts";
import type { Machine } from "../../torch/machine.ts";
import type { Parameter, Value } from "../../torch/values.ts";
import { activation } from "../../torch/ops/activations.ts";
import { adaptedLinear } from "../../torch/ops/adapted_linear.ts";
import { add, cast, scaled } from "../../torch/ops/arithmetic.ts";
import { convolution } from "../../torch/ops/convolution.ts";
import { dropout } from "../../torch/ops/dropout.ts";
import { embedding } from "../../torch/ops/embedding.ts";
import { masked } from "../../torch/ops/masked.ts";
import { norm } from "../../torch/ops/norms.ts";
import type { EntryPlan, SoundPlan, StackEnds } from "./stack_ends.ts";

/** What a stack reads first, and what its code refers to beside. */
export interface Entered {
  readonly out: Value;
  /** Rows that were looked up, where they are held until the layers have run. */
  readonly held: readonly Value[];
  readonly leaf: GraphLeaf | null;
}

/**
 * Words with what is added to them.
 *
 * @param forcesGrad Whether their gradient is asked for though no weight trains.
 */
export function embedded(
  m: Machine,
  ids: Value,
  { batch, tokens, holdsWords }: StackEnds,
  plan: EntryPlan,
  forcesGrad: boolean,
): Entered {
  const rows = batch * tokens;
  const words = embedding(m, plan.table, ids, rows, "embeddings");
  const leaf = forcesGrad ? leafOf(m, words) : null;
  let out = m.view(words);
  const held: Value[] = [];
  const release = (rows: Value) => {
    if (holdsWords) held.push(rows);
    else m.drop(rows);
  };
  release(words);
  const replace = (next: Value) => {
    m.drop(out);
    out = next;
  };
  if (plan.dropsMasked) {
    const places = m.create(rows, "uint8", "masked words");
    const rest = masked(m, out, places, "embeddings less masked words");
    m.drop(places);
    // A ratio of each sequence in fp32 makes the quotient fp32.
    replace(scaled(m, rest, "scaled embeddings"));
    m.drop(rest);
    replace(cast(m, out, "fp32", "embeddings in fp32"));
    replace(cast(m, out, plan.table.dtype, "embeddings of the other words"));
  }
  if (plan.scaled) replace(scaled(m, out, "scaled embeddings"));
  const addRows = (
    table: Parameter,
    count: number,
    of: number,
    label: string,
  ) => {
    const places = m.create(count, "int64", `numbers of ${label}`);
    const looked = embedding(m, table, places, of, label);
    replace(add(m, out, looked, `embeddings with ${label}`));
    m.drop(places, looked);
  };
  if (plan.types) addRows(plan.types, tokens, rows, "token types");
  if (plan.positions) {
    const count = plan.ownPositions ? rows : tokens;
    addRows(plan.positions, count, count, "positions");
  }
  if (plan.waves) {
    const waves = m.create(
      out.elements,
      plan.table.dtype,
      "waves of positions",
    );
    replace(add(m, out, waves, "embeddings with positions"));
    release(waves);
  }
  if (plan.norm) replace(norm(m, out, rows, plan.norm, "embedding norm"));
  if (plan.masked) replace(scaled(m, out, "masked embeddings"));
  replace(dropout(m, out, plan.dropout, "embeddings"));
  if (plan.projection) replace(adaptedLinear(m, out, rows, plan.projection));
  return { out, held, leaf };
}

/**
 * Frames of sound through two convolutions, of which the second halves them.
 *
 * Source: huggingface/transformers models/whisper/modeling_whisper.py,
 * WhisperEncoder.forward
 */
export function heard(
  m: Machine,
  features: Value,
  { batch, tokens }: StackEnds,
  { frames, convolutions, positions, dropout: probability }: SoundPlan,
  forcesGrad: boolean,
): Entered {
  let out = m.view(features);
  const replace = (next: Value) => {
    m.drop(out);
    out = next;
  };
  let leaf: GraphLeaf | null = null;
  for (const [at, each] of convolutions.entries()) {
    const rows = batch * (at === 0 ? frames : tokens);
    replace(convolution(m, out, rows, each));
    if (at === 0 && forcesGrad) leaf = leafOf(m, out);
    replace(activation(m, out, "kernel", "heard frames"));
  }
  const held = [m.view(out)];
  if (positions) {
    const places = m.create(tokens, "int64", "positions");
    const rows = embedding(m, positions, places, tokens, "position embeddings");
    replace(add(m, out, rows, "frames with positions"));
    m.drop(places, rows);
  }
  replace(dropout(m, out, probability, "frames"));
  return { out, held, leaf };
}
