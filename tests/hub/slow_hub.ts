/** A small model's config.json. */
export const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  vocab_size: 320,
};

const tensor = (...shape: number[]): { dtype: string; shape: number[] } => ({
  dtype: "BF16",
  shape,
});

/** Its checkpoint in three files. */
export const SHARDED = {
  "model-00001-of-00003.safetensors": {
    "model.embed_tokens.weight": tensor(320, 64),
    "model.layers.0.input_layernorm.weight": tensor(64),
    "model.layers.0.post_attention_layernorm.weight": tensor(64),
  },
  "model-00002-of-00003.safetensors": {
    "model.layers.0.self_attn.q_proj.weight": tensor(64, 64),
    "model.layers.0.self_attn.k_proj.weight": tensor(64, 64),
    "model.layers.0.self_attn.v_proj.weight": tensor(64, 64),
    "model.layers.0.self_attn.o_proj.weight": tensor(64, 64),
  },
  "model-00003-of-00003.safetensors": {
    "model.layers.0.mlp.gate_proj.weight": tensor(96, 64),
    "model.layers.0.mlp.up_proj.weight": tensor(96, 64),
    "model.layers.0.mlp.down_proj.weight": tensor(64, 96),
    "model.norm.weight": tensor(64),
    "lm_head.weight": tensor(320, 64),
  },
};

/** A fetch whose requests for some files wait until they are let through. */
export interface Gate {
  fetch: typeof fetch;
  /** Lets all through, those to come too. */
  open(): void;
  /** Waits until that many requests stand before the gate. */
  arrived(count: number): Promise<void>;
}

/** Makes a {@linkcode Gate} before the addresses that match. */
export function gate(pattern: RegExp): Gate {
  const opened = Promise.withResolvers<void>();
  let standing = 0;
  return {
    async fetch(input, init) {
      const { pathname } = new URL(
        input instanceof Request ? input.url : input,
      );
      if (pattern.test(pathname)) {
        standing++;
        const { signal } = init ?? {};
        await Promise.race([
          opened.promise,
          new Promise((_, refuse) => {
            signal?.addEventListener("abort", () => refuse(signal.reason));
          }),
        ]);
      }
      return await fetch(input, init);
    },
    open: () => opened.resolve(),
    async arrived(count) {
      while (standing < count) await new Promise((done) => setTimeout(done, 5));
    },
  };
}
