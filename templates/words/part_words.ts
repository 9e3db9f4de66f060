/** What each part of the memory is, in a sentence, by its name. */
const WORDS: Record<string, string> = {
  "weights": "The model's parameters in the format that they are held in.",
  "adapters":
    "LoRA's small matrices, and modules that train whole beside them.",
  "buffers":
    "Tensors of the model that do not train, such as rotary frequencies.",
  "KV cache":
    "Keys and values of all earlier tokens, so that a new token need not compute them again.",
  "rollout engine":
    "The engine that writes completions on the same GPU: its copy of the weights, its cache of keys and values, what its steps take.",
  "gradients":
    "One number for each trained weight, from the backward pass until the optimizer's step.",
  "gathered parameters":
    "Weights that FSDP or ZeRO-3 has put together from the other GPUs to run a layer.",
  "communication buffers":
    "What gradients or weights are packed in to be sent to other GPUs.",
  "master weights":
    "A copy of the trained weights in fp32, which the optimizer steps.",
  "optimizer states":
    "What the optimizer remembers of each trained weight: AdamW two numbers.",
  "paged optimizer states":
    "Optimizer states that move to the host's memory when the GPU is full.",
  "optimizer temporaries":
    "Tensors that the optimizer's step makes and drops again.",
  "weight casts":
    "Copies of weights in 16 bits, which autocast makes and keeps.",
  "dequantised weights":
    "Quantised weights made whole again for the layer that runs.",
  "checkpoints":
    "Inputs of layers that are kept so that the rest can be computed again.",
  "residual stream":
    "The hidden states that pass from layer to layer, kept for the backward pass.",
  "norm activations": "What normalisation layers keep for the backward pass.",
  "attention activations": "What attention keeps for the backward pass.",
  "state-space activations":
    "What state-space layers, such as Mamba's, keep for the backward pass.",
  "MLP activations": "What the MLP keeps for the backward pass.",
  "expert activations": "What the experts keep for the backward pass.",
  "adapter activations": "What adapters keep for the backward pass.",
  "vision activations": "What the vision tower keeps or makes of the images.",
  "embeddings": "Embedded tokens, and rotary tables of their positions.",
  "logits and loss":
    "A number for each token and word of the vocabulary, and what the loss makes of them.",
  "logits": "A number for each token and word of the vocabulary.",
  "activation gradients":
    "Gradients of activations, on their way back through the layers.",
  "kernel workspaces": "Scratch memory that cuBLAS and other kernels hold.",
  "allocator rounding":
    "The ends of blocks: PyTorch's allocator hands memory out in steps of 512 bytes and more.",
  "inputs": "Token ids, labels and masks.",
  "input data": "Token ids, labels and masks.",
  "cached by the allocator":
    "What PyTorch has taken from the GPU and holds for later; nvidia-smi counts it.",
  "CUDA context and libraries":
    "What a process holds on a GPU beside PyTorch's tensors.",
  "communication": "What NCCL takes to talk to other GPUs.",
  "other": "What you said stands there beside the rest.",
  // Of engines that serve.
  "weights unpacked for kernels":
    "Weights that the engine lays out anew for its kernels once they are loaded.",
  "rotary tables": "Sines and cosines of every position up to the longest.",
  "sampler's counts": "Counts of words that sampling with penalties keeps.",
  "experts' workspace": "Scratch memory in which experts' products meet.",
  "CUDA graphs":
    "Recorded runs of the model for each size of batch, with the memory that they hold.",
  "input embeddings": "Room for embedded tokens, images' among them.",
  "request tables": "Which part of the cache each request's tokens lie in.",
  "compute buffer": "The one buffer that llama.cpp computes in.",
  "states": "What state-space layers remember of each sequence.",
  "activations":
    "What the layers make while they run, and keep while training.",
  // Of older methods.
  "overhead": "What the rule adds to the parts above.",
  "temporary activations": "What a layer makes while it runs.",
  "transient buffers": "Short-lived buffers, by a factor for each sequence.",
  "ZeRO-3 gathered weights":
    "Weights that ZeRO-3 puts together to run a layer.",
  "DeepSpeed overhead": "What DeepSpeed takes, by a factor.",
  "CUDA context": "What a process holds on a GPU beside its tensors.",
  "framework overhead": "What the framework takes, by a factor.",
  "fragmentation": "What fragments leave unused, by a factor.",
};

const KNOWN: ReadonlyMap<string, string> = new Map(Object.entries(WORDS));

/** Every part that has a sentence, with it. */
export const WORDED_PARTS: readonly (readonly [name: string, words: string])[] =
  [...KNOWN];

/** What a part is; null where nobody wrote it. */
export function partWords(name: string): string | null {
  return KNOWN.get(name) ?? null;
}

/** The id of a part in the documentation. */
export function partId(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

/** Where the documentation has a part. */
export function partAddress(name: string): string {
  return `/docs/parts#${partId(name)}`;
}
