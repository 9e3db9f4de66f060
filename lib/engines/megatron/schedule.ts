/** A chunk's forward or backward pass of a micro-batch. */
export interface Turn {
  readonly kind: "forward" | "backward";
  readonly chunk: number;
  readonly micro: number;
}

/** A stage of a pipeline. */
export interface Stage {
  readonly stage: number;
  readonly stages: number;
  readonly chunks: number;
  readonly micros: number;
}

/**
 * In which order a stage runs: as many forward passes as later stages need, then
 * one of each, then the backward passes that are left. With several chunks,
 * micro-batches take turns in groups of as many as there are stages.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/pipeline_parallel/schedules.py, get_pp_rank_microbatches,
 * forward_backward_pipelining_without_interleaving, …_with_interleaving
 */
export function turnsOf({ stage, stages, chunks, micros }: Stage): Turn[] {
  const all = micros * chunks;
  const ahead = chunks === 1
    ? stages - stage - 1
    : (stages - stage - 1) * 2 + (chunks - 1) * stages;
  const warm = Math.min(all, ahead);
  const turnOf = (kind: Turn["kind"], at: number): Turn => {
    const round = stages * chunks;
    const chunk = Math.floor((at % round) / stages);
    return chunks === 1 ? { kind, chunk: 0, micro: at } : {
      kind,
      chunk: kind === "forward" ? chunk : chunks - 1 - chunk,
      micro: Math.floor(at / round) * stages + at % stages,
    };
  };
  const turns: Turn[] = [];
  for (let at = 0; at < warm; at++) turns.push(turnOf("forward", at));
  for (let at = warm; at < all; at++) {
    turns.push(turnOf("forward", at), turnOf("backward", at - warm));
  }
  for (let at = all - warm; at < all; at++) turns.push(turnOf("backward", at));
  return turns;
}

/**
 * So many micro-batches that a stage comes to run one forward and one backward pass
 * in turn, a few times: from there on it does the same again and again.
 */
export function playedMicros(
  { stage, stages, chunks, micros }: Stage,
): number {
  return Math.min(micros, chunks === 1 ? stages - stage + 2 : 2 * stages);
}
