import type { Message } from "./flow.ts";
import type { TrafficSetup } from "./setup.ts";
import { groupDigits } from "../units/mod.ts";

/** fp32 scalars that a vocabulary-parallel loss all-reduces per token. */
const LOSS_REDUCTIONS = 3;
const LOSS_BYTES = 4;

/**
 * Tensor parallelism. A layer's attention and MLP each all-reduce hidden states
 * once in the forward and once in the backward pass; with sequence parallelism
 * each of these is a reduce-scatter and an all-gather, and the backward pass
 * gathers the input once more for the weights' gradients.
 *
 * Sources: M. Shoeybi et al., "Megatron-LM" (arXiv:1909.08053), 3: four
 * all-reduces a layer; D. Narayanan et al. (arXiv:2104.04473), 3.2: 8bsh(t-1)/t
 * elements a layer; V. Korthikanti et al. (arXiv:2205.05198), 4.2.2. The loss:
 * Megatron-LM, megatron/core/tensor_parallel/cross_entropy.py.
 */
export function tensorMessages(setup: TrafficSetup): Message[] {
  const { groups, layers, expertLayers, tokens, microSteps, mesh } = setup;
  const { parallel, train } = setup.scenario;
  const { hidden_size: width, experts_per_token: chosen } =
    setup.model.architecture;
  const group = groups.tensor;
  if (group.size === 1) return [];
  const passes = 2 + setup.recomputed;
  const messages: Message[] = [];
  const add = (
    collective: Message["collective"],
    what: string,
    each: number,
    copies = 1,
  ): void => {
    if (each === 0) return;
    messages.push({
      group,
      what,
      collective,
      elements: tokens * width * copies,
      bytes: setup.activationBytes,
      spelled: `${groupDigits(tokens)} tokens × ${width}${
        copies === 1 ? "" : ` × ${copies} experts`
      }`,
      calls: each * microSteps,
    });
  };
  // Routed tokens are gathered once for every expert that they go to.
  const routed = parallel.sequence_parallel ? expertLayers : 0;
  const blocks = 2 * layers - routed;
  const ends = mesh.pp === 1 ? 2 : 1;
  if (!parallel.sequence_parallel) {
    add("all-reduce", "hidden states of layers", blocks * passes);
    add("all-reduce", "hidden states at embedding and head", ends);
  } else {
    const sets = [
      ["hidden states of layers", blocks, 1],
      [
        "tokens of experts",
        groups.splitsExperts ? routed : 0,
        chosen,
      ],
    ] as const;
    for (const [what, count, copies] of sets) {
      add("all-gather", what, count * passes, copies);
      add("reduce-scatter", what, count * passes, copies);
      if (train.method === "full") {
        add(
          "all-gather",
          `${what}, again for the weights' gradients`,
          count,
          copies,
        );
      }
    }
    add("all-gather", "hidden states at embedding and head", ends);
    add("reduce-scatter", "hidden states at embedding and head", ends);
  }
  messages.push({
    group,
    what: "the loss over a split vocabulary",
    collective: "all-reduce",
    elements: tokens,
    bytes: LOSS_BYTES,
    spelled: `${groupDigits(tokens)} tokens`,
    calls: LOSS_REDUCTIONS * microSteps,
  });
  return messages;
}

/**
 * Pipeline parallelism: a stage sends hidden states on and gradients back, once
 * per micro batch and once for each of its virtual stages.
 *
 * Source: D. Narayanan et al. (arXiv:2104.04473), 2.2.2 (interleaving sends v
 * times as much) and 3.2 (bsh between consecutive devices).
 */
export function pipelineMessages(setup: TrafficSetup): Message[] {
  const { groups, mesh, tokens, microSteps, activationBytes } = setup;
  const { virtual_pipeline: virtual, sequence_parallel } =
    setup.scenario.parallel;
  const { hidden_size: width, tie_embeddings, vocab_size } =
    setup.model.architecture;
  if (mesh.pp === 1) return [];
  const split = sequence_parallel ? mesh.tp : 1;
  // The first stage sends nothing back, the last nothing on; others do both.
  const sends = mesh.pp === 2 ? 2 * virtual - 1 : 2 * virtual;
  const messages: Message[] = [{
    group: groups.pipeline,
    what: "hidden states on and their gradients back",
    collective: "send and receive",
    elements: tokens * width / split,
    bytes: activationBytes,
    spelled: `${groupDigits(tokens)} tokens × ${width}${
      split === 1 ? "" : ` ÷ tp ${split}`
    }`,
    calls: sends * microSteps,
  }];
  const { train } = setup.scenario;
  const trains = train.method === "full" &&
    (train.trainable === "all" || train.trainable.includes("embeddings"));
  if (tie_embeddings && trains) {
    messages.push({
      group: {
        ...groups.pipeline,
        size: 2,
        stride: (mesh.pp - 1) * groups.pipeline.stride,
      },
      what: "gradients of the embedding that first and last stage share",
      collective: "all-reduce",
      elements: vocab_size * width / mesh.tp,
      bytes: setup.gradientBytes,
      spelled: `${groupDigits(vocab_size)} × ${width}${
        mesh.tp === 1 ? "" : ` ÷ tp ${mesh.tp}`
      }`,
      calls: 1,
    });
  }
  return messages;
}

/**
 * Context parallelism as ring attention: keys and values go round the ring in
 * the forward pass, and once more with their gradients in the backward pass.
 *
 * Source: H. Liu et al., "Ring Attention" (arXiv:2310.01889), 3.
 */
export function contextMessages(setup: TrafficSetup): Message[] {
  const { groups, mesh, tokens, layers, microSteps, activationBytes } = setup;
  const { attention_heads, kv_heads, head_dim } = setup.model.architecture;
  const hops = mesh.cp - 1;
  if (hops === 0 || attention_heads === 0) return [];
  const heads = Math.ceil(kv_heads / mesh.tp);
  const block = {
    group: groups.context,
    collective: "send and receive",
    elements: 2 * tokens * heads * head_dim,
    bytes: activationBytes,
    spelled: `2 × ${
      groupDigits(tokens)
    } tokens × ${heads} KV heads × ${head_dim}`,
  } as const;
  const passes = 2 + setup.recomputed;
  return [
    {
      ...block,
      what: "keys and values",
      calls: passes * hops * layers * microSteps,
    },
    {
      ...block,
      what: "gradients of keys and values",
      calls: hops * layers * microSteps,
    },
  ];
}

/**
 * Expert parallelism: each layer with experts sends its tokens to theirs and
 * takes them back, in the forward and in the backward pass; routing is taken to
 * be even.
 *
 * Source: D. Lepikhin et al., "GShard" (arXiv:2006.16668), 3: two all-to-alls a
 * layer and pass.
 */
export function expertMessages(setup: TrafficSetup): Message[] {
  const { groups, mesh, expertLayers, microSteps, activationBytes } = setup;
  const { hidden_size: width, experts_per_token: chosen } =
    setup.model.architecture;
  if (mesh.ep === 1 || expertLayers === 0) return [];
  const split = setup.scenario.parallel.sequence_parallel ? mesh.tp : 1;
  const tokens = Math.ceil(setup.tokens / split);
  return [{
    group: groups.expert,
    what: "tokens to their experts and back",
    collective: "all-to-all",
    elements: tokens * chosen * width,
    bytes: activationBytes,
    spelled: `${groupDigits(tokens)} tokens × ${chosen} experts × ${width}`,
    calls: 2 * (2 + setup.recomputed) * expertLayers * microSteps,
  }];
}
