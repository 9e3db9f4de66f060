/** What settings of training are, in a sentence each, by a field's path. */
export const TRAINING_WORDS: Record<string, string> = {
  "task":
    "Train a model, or serve it: each has settings and an answer of its own.",
  "train.method":
    "Full trains every weight; LoRA trains small matrices beside frozen weights; QLoRA does so beside 4-bit weights.",
  "train.trainable":
    "Which parts of the model train in a full fine-tune; frozen parts need neither gradients nor optimizer states.",
  "train.micro_batch":
    "Sequences that one GPU takes at once. Activations grow with it.",
  "train.sequence_length":
    "Tokens of a sequence, prompt and answer together: the longest decides. Activations and logits grow with it.",
  "train.gradient_accumulation":
    "Micro batches whose gradients are added up before a step: a larger batch at no more activations.",
  "train.padding_mask":
    "Whether the mask of padded tokens reaches attention, whose kernel may then keep more.",
  "train.attention":
    "The kernel: flash and sdpa never hold the table of tokens × tokens that eager attention does.",
  "train.checkpointing":
    "Keep each layer's input alone and compute the rest again in the backward pass: far less memory, about a third slower.",
  "train.checkpoint_offload":
    "Checkpoints wait in the host's memory; each is copied there and back.",
  "train.activation_offloading":
    "What the backward pass needs waits in the host's memory: the GPU keeps little of it, and copies over PCIe take time.",
  "train.target_length":
    "Tokens of what an encoder-decoder has to write, such as a translation or a summary.",
  "train.mlp_tiles":
    "The MLP runs a piece of the tokens at a time, so that its wide tensors never stand for all of them.",
  "train.use_reentrant":
    "Which of torch's two ways to checkpoint runs; the older, reentrant one runs a layer to its end again.",
  "train.trainable_layers":
    "Freeze all but the last (or, with a minus, first) layers: no gradients and no optimizer states of the rest.",
  "software.max_split_size_mb":
    "Keeps PyTorch's allocator from splitting large blocks: less memory lost between tensors, more blocks that fit nothing else.",
  "train.empty_cache_steps":
    "Gives unused cached memory back before the backward pass: slower, with less memory lost between tensors.",
  "train.trainable_parameters":
    "Freeze all parameters but those whose names a pattern matches.",
  "train.loss": "Fused and chunked losses never hold the logits of all tokens.",
  "train.kernels":
    "Eager PyTorch, Liger's fused kernels, or torch.compile: fused ones keep fewer tensors.",
  "train.images_per_sample":
    "Images beside the text of each sequence. They take tokens, and the vision tower's activations.",
  "train.image_size":
    "Height and width of an image as the model gets it, in pixels.",
  "precision.weights": "The number format that the weights are held in.",
  "precision.frozen":
    "The number format of weights that do not train, where it is another than that of those that do.",
  "precision.autocast":
    "Mixed precision: products run in 16 bits while the weights stay as they are.",
  "precision.gradients":
    "The number format of gradients; blank is that of the weights.",
  "precision.master_weights":
    "A copy of the weights in fp32 that the optimizer steps; blank is what the engine does.",
  "precision.optimizer_states":
    "The number format of what the optimizer remembers of each weight.",
  "precision.fp8":
    "Matrix products in 8 bits: faster, and hardly less memory, since torchao saves what it saves without.",
  "precision.fp8_parameters":
    "Megatron then has no 16-bit copy of matrices beside those in 8 bits.",
  "quantization.skip_modules":
    "Modules whose weights stay in 16 bits where the others are quantised.",
  "quantization.qat":
    "Weights are rounded in each pass as they will be once quantised: more memory now, a better model then.",
  "quantization.weights":
    "A format with fewer bits, such as nf4 for QLoRA, fp8 or a GGUF type for serving.",
  "quantization.group_size":
    "Weights that share one scale: smaller groups are more exact and take more memory.",
  "quantization.kbit_upcast":
    "PEFT turns what is not quantised into fp32: stable, but large embeddings double.",
  "quantization.experts":
    "Pack a mixture's experts too: transformers keeps them as one tensor a layer, which bitsandbytes leaves in 16 bits otherwise.",
  "optimizer.name":
    "What turns gradients into steps. AdamW remembers two numbers of each trained weight, SGD none.",
  "optimizer.implementation":
    "How the step runs: foreach makes temporaries of all weights at once, fused none.",
  "optimizer.bits":
    "Bits of each number that the optimizer remembers: 8-bit states take a quarter of 32-bit ones.",
  "optimizer.rank":
    "To what rank GaLore, Q-GaLore and APOLLO project gradients: states grow with it.",
  "optimizer.paged":
    "bitsandbytes' paged states move to the host's memory when the GPU is full.",
  "optimizer.in_backward":
    "Each weight is stepped as soon as its gradient is there: all gradients never stand at once.",
  "train.lora.rank":
    "The inner size of each adapter. Adapters, their gradients and states grow with it.",
  "train.lora.alpha":
    "How strongly adapters act: alpha ÷ rank. It costs no memory.",
  "train.lora.dropout":
    "The share of an adapter's inputs that are zeroed while training; above 0 it keeps a mask and a copy.",
  "train.lora.targets": "The layers that get an adapter.",
  "train.lora.target_parameters":
    "Parameters of experts that get adapters, which are no layers of their own.",
  "train.lora.adapter_dtype": "The number format of the adapters.",
  "train.lora.dora":
    "DoRA trains the length of each weight's columns too, and holds more while it runs.",
  "train.lora.rslora":
    "Scales adapters by the root of their rank. It costs no memory.",
  "train.lora.bias": "Which biases train beside the adapters.",
  "train.lora.modules_to_save":
    "Modules that train whole beside the adapters, such as lm_head: a full copy each, with gradients and states.",
  "train.lora.trainable_parameters":
    "The exact number of adapter parameters, where you know it.",
};
