import { lastMatch } from "./patterns.ts";

/** What ran when memory was short, as a stack of calls tells it. */
export type MomentName =
  | "load"
  | "set-up"
  | "forward"
  | "loss"
  | "backward"
  | "optimizer"
  | "generate"
  | "evaluate"
  | "save"
  | "profile"
  | "cache"
  | "graphs"
  | "sample";

/** The moment, and what of it ran. */
export interface FailedMoment {
  readonly name: MomentName;
  /** In words that follow "it failed": "in the backward pass". */
  readonly words: string;
  /** Whether a layer was being computed again for its gradients. */
  readonly recomputes: boolean;
  /** The module or function that asked, where it is telling. */
  readonly inner: string | null;
}

const WORDS: Readonly<Record<MomentName, string>> = {
  "load": "while the model was loaded",
  "set-up": "while the optimizer and the engine were set up",
  "forward": "in the forward pass",
  "loss": "at the loss",
  "backward": "in the backward pass",
  "optimizer": "in the optimizer's step",
  "generate": "while text was generated",
  "evaluate": "while it was evaluated",
  "save": "while a checkpoint was saved",
  "profile": "in the engine's trial run, before its cache was made",
  "cache": "while the engine made its cache",
  "graphs": "while the engine captured CUDA graphs",
  "sample": "while the engine warmed up its sampler",
};

/**
 * What calls on the stack say, the most telling first: a backward pass calls
 * forward functions again, and everything is called by a training loop.
 */
const CALLS: readonly (readonly [MomentName, RegExp])[] = [
  ["sample", /_dummy_sampler_run|warming up sampler/],
  [
    "graphs",
    /capture_model\b|cuda_graph_runner|Capture (?:cuda|CUDA) graph failed|init_cuda_graphs|_capture_graph|capture_one_batch_size/,
  ],
  [
    "profile",
    /determine_available_memory|determine_num_available_blocks|profile_run|profile_num_available|_dummy_run/,
  ],
  [
    "cache",
    /initialize_kv_cache|allocate_kv_cache|_allocate_kv_cache|init_memory_pool|initialize_from_config|CacheEngine|memory_pool\.py|failed to allocate buffer for kv cache/,
  ],
  [
    "optimizer",
    /optimizer\.step\(|\bin (?:_multi_tensor|_single_tensor|_fused)_\w{1,30}|torch\/optim\/\w{1,30}\.py.{0,40}in step|_optimizer_step|\bupdate_step\b|bitsandbytes\/optim|in _init_group|unscale_and_clip|_take_model_step/,
  ],
  [
    "backward",
    /loss\.backward\(|accelerator\.backward|_engine_run_backward|run_backward\(|autograd\/(?:__init__|graph|function)\.py.{0,80}in (?:backward|apply|_engine)|in backward\b|<backward op>|engine\.backward|\.backward\(/,
  ],
  [
    "save",
    /save_checkpoint|_save_checkpoint|save_pretrained|save_model|full_state_dict|_gather_state|zero_to_fp32|consolidated_16bit/,
  ],
  [
    "set-up",
    /deepspeed\.initialize|_configure_(?:zero_)?optimizer|initialize_optimizer_states|_configure_distributed_model|_setup_for_real_optimizer|create_fp32_partition|FullyShardedDataParallel\(|fully_shard\(|DistributedDataParallel\(|_prepare_deepspeed|accelerator\.prepare/,
  ],
  [
    "loss",
    /cross_entropy|log_softmax|loss_function\(|ForCausalLMLoss|fixed_cross_entropy|nll_loss|compute_logps|selective_log_softmax|loss_fct\(/,
  ],
  [
    "generate",
    /generation\/utils\.py|\bin generate\b|\.generate\(|in _sample\b|greedy_search|execute_model|forward_extend|forward_decode|run_batch/,
  ],
  [
    "evaluate",
    /evaluation_loop|prediction_step|nested_concat|in evaluate\b|eval_step/,
  ],
  [
    "load",
    /from_pretrained|load_state_dict|_load_pretrained_model|_load_state_dict_into|load_weights|set_module_tensor_to_device|dispatch_model|prepare_model_for_kbit|get_peft_model|in load_model\b|initialize_model|create_weights|process_weights_after_loading|checkpoint_loader|\.to\((?:device|"cuda|'cuda|args\.device)|model\.cuda\(|in convert\b|llama_model_load|load_tensors|unable to allocate|unable to load model|error loading model/,
  ],
  ["forward", /in forward\b|_call_impl|compute_loss|training_step|model\(\*\*/],
];

const RECOMPUTES =
  /utils\/checkpoint\.py|recompute_fn|_checkpoint_without|checkpointing\.py/;

/** What innermost calls tell of the tensor that was made, the most telling first. */
const INNER: readonly (readonly [string, RegExp])[] = [
  [
    "the log-softmax of the logits",
    /log_softmax|cross_entropy|nll_loss/,
  ],
  [
    "the scores of attention",
    /attn_weights|eager_attention_forward|attention_scores|(?:functional\.|F\.)softmax\(|attn_probs|baddbmm/,
  ],
  ["the attention mask", /attention_mask|_expand_mask|causal_mask/],
  [
    "the key-value cache",
    /cache_utils\.py|past_key_values|key_cache|torch\.cat\(\[(?:self|past)/,
  ],
  [
    "the MLP",
    /down_proj|gate_proj|up_proj|act_fn|modeling_\w{1,40}\.py.{0,60}mlp|swiglu|fused_moe|experts/,
  ],
  [
    "attention",
    /q_proj|k_proj|v_proj|qkv|o_proj|rotary|repeat_kv|scaled_dot_product|flash_attn/,
  ],
  ["a norm", /LayerNorm|RMSNorm|rms_norm|layer_norm|variance/],
  [
    "logits in fp32",
    /logits\.float\(|\.float\(\)|logits\.to\(torch\.float32|upcast/,
  ],
  ["the output head", /lm_head|compute_logits|embed_out|logits/],
  ["token embeddings", /embed_tokens|wte|F\.embedding|functional\.embedding/],
  [
    "dequantised weights",
    /dequantize|bitsandbytes\/(?:autograd|functional|nn)/,
  ],
  ["optimizer states", /exp_avg|state\[|zeros_like|init_state|_init_group/],
  [
    "gathered parameters",
    /all_gather|_unshard|fetch_sub_module|partition_parameters|unshard/,
  ],
  [
    "gradients",
    /reduce_scatter|ipg_buffer|reduce_gradients|average_tensor|grad_acc/,
  ],
  ["an image's features", /vision|visual|image|patch_embed|siglip|clip/i],
];

/** Lines before a message that are its stack, at most. */
const STACK = 24_000;
/** The innermost calls are the last lines. */
const INNERMOST = 700;

/**
 * Reads off a stack of calls what ran.
 *
 * @param text What its writer wrote.
 * @param at Where the message stands.
 */
export function momentIn(text: string, at: number): FailedMoment | null {
  const { stack, begins } = stackAt(text, at);
  const found = begins < 0 && !STACKED.test(stack)
    ? undefined
    : CALLS.find(([name, says]) =>
      says.test(stack) && !(CALLING.has(name) && goesOn(stack, says))
    );
  const [name] = found ?? laterIn(text, at) ?? [];
  if (!name) return null;
  const last = stack.slice(-INNERMOST);
  return {
    name,
    words: WORDS[name],
    recomputes: name === "backward" && RECOMPUTES.test(stack) &&
      /in forward\b/.test(stack),
    inner: found ? innerOf(last) : null,
  };
}

/**
 * Moments whose calls may only lead to the passes: Lightning's optimizer steps by a
 * closure, and code of a forward pass moves tensors as loading does.
 */
const CALLING: ReadonlySet<MomentName> = new Set([
  "optimizer",
  "set-up",
  "load",
]);

/** Whether a stack goes on into a pass after the last of some calls. */
function goesOn(stack: string, says: RegExp): boolean {
  const after = stack.slice(Math.max(0, lastMatch(stack, says)));
  return /in forward\b|training_step|backward\(|in backward\b|in generate\b/
    .test(after);
}

/** What stands on a stack of calls. */
const STACKED = /File "|│|-> |\.py/;

/**
 * The stack that leads to a message: what stands before it, for what follows are
 * later exceptions that quote it; or what follows where nothing stands before.
 */
function stackAt(text: string, at: number): { stack: string; begins: number } {
  const end = Math.min(text.length, at + 1);
  const before = text.slice(Math.max(0, end - STACK), end);
  const begins = before.lastIndexOf("(most recent call last)");
  if (begins >= 0) return { stack: before.slice(begins), begins };
  const after = text.slice(at, at + STACK / 4);
  return STACKED.test(before) || !STACKED.test(after)
    ? { stack: before, begins }
    : { stack: after, begins };
}

/** What is said after the message, by programs without a stack. */
function laterIn(text: string, at: number) {
  const after = text.slice(at, at + 2000);
  return CALLS.find(([name, says]) =>
    ["sample", "graphs", "cache", "load"].includes(name) && says.test(after)
  );
}

/** What the last line says that says anything. */
function innerOf(last: string): string | null {
  for (const line of last.split("\n").reverse()) {
    const found = INNER.find(([, says]) => says.test(line));
    if (found) return found[0];
  }
  return null;
}

/** A moment that is not read off a stack. */
export function momentOf(name: MomentName): FailedMoment {
  return { name, words: WORDS[name], recomputes: false, inner: null };
}
