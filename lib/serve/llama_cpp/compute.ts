import { buffersOf } from "./ggml/allocate.ts";
import { assignBackends } from "./ggml/assign.ts";
import { scheduleOf } from "./ggml/schedule.ts";
import type { GraphPlan } from "./graph/plan.ts";
import type { GraphSizes } from "./graph/sizes.ts";
import type { GraphTraits } from "./graph/traits.ts";
import { graphOf } from "./graph/whole.ts";

/** Longest pattern of unlike layers that is looked for. */
const LONGEST_PATTERN = 12;

/** How often a pattern is played before the rest of its repeats are left out. */
const REPEATS = 2;

/**
 * How many layers are, where some have states: what is asked for before a layer's
 * turn is moved about for longer.
 */
const STATE_LAYERS = 8;

/**
 * Repeats are left out in pairs: where blocks fit each other's holes, layers take
 * turns in two places.
 */
const LEFT_OUT = 2;

/**
 * Layers that give the answer of all: of a pattern that repeats, the first few.
 *
 * @param kinds What tells layers apart.
 * @param hasStates Whether some of them have states.
 * @returns Their numbers.
 */
export function representatives(
  kinds: readonly string[],
  hasStates = false,
): number[] {
  const numbers = new Map<string, number>();
  const kept: number[] = [];
  const ids: number[] = [];
  for (const [layer, kind] of kinds.entries()) {
    const id = numbers.get(kind) ?? numbers.size;
    numbers.set(kind, id);
    kept.push(layer);
    ids.push(id);
    for (let length = 1; length <= LONGEST_PATTERN; length += 1) {
      const played = hasStates
        ? Math.max(REPEATS, Math.ceil(STATE_LAYERS / length))
        : REPEATS;
      if (repeats(ids, length, played)) {
        kept.length -= LEFT_OUT * length;
        ids.length -= LEFT_OUT * length;
        break;
      }
    }
  }
  return kept;
}

/** Whether a list ends in more repeats of a pattern than are played. */
function repeats(
  ids: readonly number[],
  length: number,
  played: number,
): boolean {
  const start = ids.length - length * (played + LEFT_OUT);
  if (start < 0) return false;
  for (let at = start; at < ids.length - length; at += 1) {
    if (ids[at] !== ids[at + length]) return false;
  }
  return true;
}

/** What a ubatch takes beside weights and caches. */
export interface ComputeBuffers {
  /** Bytes on each backend, the host's last. */
  readonly bytes: readonly number[];
  /** Whether some piece of the graph is like Llama's because it is not known. */
  readonly isGuessed: boolean;
}

/**
 * Whether flash attention would run where its layers lie, as llama.cpp probes with
 * one token of each sequence; else it is turned off.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-context.cpp, resolve_fused_ops
 */
export function flashesInPlace(
  plan: GraphPlan,
  traits: GraphTraits,
  sizes: GraphSizes,
): boolean {
  const { sequences } = plan;
  const probe = { ...plan, tokens: sequences, outputs: sequences };
  const { graph } = graphOf(probe, traits, sizes);
  assignBackends(graph, plan.backends);
  return graph.attentions.every(({ node, layer }) => node.backend === layer);
}

/** The compute buffers of one ubatch. */
export function computeBuffers(
  plan: GraphPlan,
  traits: GraphTraits,
  sizes: GraphSizes,
): ComputeBuffers {
  const { backends } = plan;
  const { graph, isGuessed } = graphOf(plan, traits, sizes);
  return {
    bytes: buffersOf(scheduleOf(graph, backends), backends),
    isGuessed,
  };
}
