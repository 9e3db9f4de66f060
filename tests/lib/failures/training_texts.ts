import type { SaidText } from "./said.ts";

const GPU =
  "GPU 0 has a total capacity of 79.15 GiB of which 2.31 GiB is free. Including non-PyTorch memory, this process has 76.82 GiB memory in use. Of the allocated memory 74.90 GiB is allocated by PyTorch, and 1.09 GiB is reserved by PyTorch but unallocated.";

/** Stacks of trainers and engines, which tell when memory was short. */
export const TRAINING_TEXTS: readonly SaidText[] = [
  {
    name: "the loss of transformers' Trainer",
    text: `***** Running training *****
  Num examples = 51,760
  Instantaneous batch size per device = 2
  Gradient Accumulation steps = 8
  Number of trainable parameters = 6,815,744
Traceback (most recent call last):
  File "/app/sft.py", line 71, in <module>
    trainer.train()
  File "/venv/lib/python3.12/site-packages/transformers/trainer.py", line 2325, in train
    return inner_training_loop(
  File "/venv/lib/python3.12/site-packages/transformers/trainer.py", line 4020, in training_step
    loss = self.compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
  File "/venv/lib/python3.12/site-packages/transformers/models/llama/modeling_llama.py", line 480, in forward
    loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
  File "/venv/lib/python3.12/site-packages/transformers/loss/loss_utils.py", line 36, in fixed_cross_entropy
    loss = nn.functional.cross_entropy(source, target, ignore_index=ignore_index, reduction=reduction)
  File "/venv/lib/python3.12/site-packages/torch/nn/functional.py", line 3494, in cross_entropy
    return torch._C._nn.cross_entropy_loss(
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB. ${GPU}`,
    says: { tried: "3.91 GiB", moment: "loss", type: "llama" },
  },
  {
    // gpt-oss-recipes#20
    name: "a backward pass under FSDP that computes layers again",
    text:
      `[rank1]:   File "/fsx/lib/python3.11/site-packages/trl/trainer/sft_trainer.py", line 914, in training_step
[rank1]: Traceback (most recent call last):
[rank1]:   File "/fsx/lib/python3.11/site-packages/transformers/trainer.py", line 3844, in training_step
[rank1]:     self.accelerator.backward(loss, **kwargs)
[rank1]:   File "/fsx/lib/python3.11/site-packages/torch/utils/checkpoint.py", line 1128, in unpack_hook
[rank1]:     frame.recompute_fn(*args)
[rank1]:   File "/fsx/lib/python3.11/site-packages/transformers/models/gpt_oss/modeling_gpt_oss.py", line 244, in forward
[rank1]:     attn_weights = torch.matmul(query, key_states.transpose(2, 3)) * scaling
[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 8.00 GiB. ${GPU}`,
    says: {
      who: "rank1",
      moment: "backward",
      inner: "the scores of attention",
      type: "gpt_oss",
    },
  },
  {
    // accelerate#1864
    name: "TorchScript's stack of a backward pass",
    text: `Traceback of TorchScript (most recent call last):
  File "<string>", line 83, in <backward op>
            result = torch.softmax(self, dim, dtype)
            def backward(grad_output):
                grad_self = torch._softmax_backward_data(grad_output, result, dim, self.dtype)
                            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~ <--- HERE
                return grad_self, None, None
RuntimeError: CUDA out of memory. Tried to allocate 12.00 GiB (GPU 2; 79.15 GiB total capacity; 56.66 GiB already allocated; 9.54 GiB free; 68.85 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.`,
    says: {
      device: 2,
      tried: "12.00 GiB",
      free: "9.54 GiB",
      reserved: "68.85 GiB",
      moment: "backward",
    },
  },
  {
    // accelerate#965, DeepSpeed#4153
    name: "loading, by two ranks whose lines stand among each other",
    text: `Traceback (most recent call last):
  File "finetune/llama2_ds.py", line 65, in <module>
Traceback (most recent call last):
  File "finetune/llama2_ds.py", line 65, in <module>
    main()
    main()
  File "/venv/lib/python3.8/site-packages/transformers/trainer.py", line 741, in _move_model_to_device
    model = model.to(device)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 86.00 MiB (GPU 0; 22.20 GiB total capacity; 21.10 GiB already allocated; 24.12 MiB free; 21.10 GiB reserved in total by PyTorch)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 86.00 MiB (GPU 1; 22.20 GiB total capacity; 21.10 GiB already allocated; 24.12 MiB free; 21.10 GiB reserved in total by PyTorch)`,
    says: { tried: "86.00 MiB", device: 0, moment: "load", more: 1 },
  },
  {
    // transformers#24658
    name: "DeepSpeed's optimizer while it is set up, in a notebook",
    text: `Traceback (most recent call last)
File /home/pc/lib/python3.11/site-packages/deepspeed/runtime/engine.py:1184, in DeepSpeedEngine._configure_optimizer(self, client_optimizer, model_parameters)
-> 1184     self.optimizer = self._configure_zero_optimizer(basic_optimizer)
File /home/pc/lib/python3.11/site-packages/deepspeed/runtime/zero/stage3.py:1474, in __init__
OutOfMemoryError: CUDA out of memory. Tried to allocate 25.10 GiB (GPU 0; 23.69 GiB total capacity; 12.61 GiB already allocated; 10.11 GiB free; 12.62 GiB reserved in total by PyTorch)`,
    says: { tried: "25.10 GiB", moment: "set-up" },
  },
  {
    name: "the first step of AdamW",
    text: `Traceback (most recent call last):
  File "/app/train.py", line 120, in <module>
    optimizer.step()
  File "/venv/lib/python3.11/site-packages/torch/optim/optimizer.py", line 487, in wrapper
    out = func(*args, **kwargs)
  File "/venv/lib/python3.11/site-packages/torch/optim/adamw.py", line 200, in step
    has_complex = self._init_group(
  File "/venv/lib/python3.11/site-packages/torch/optim/adamw.py", line 150, in _init_group
    state["exp_avg_sq"] = torch.zeros_like(
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. ${GPU}`,
    says: {
      tried: "1.96 GiB",
      moment: "optimizer",
      inner: "optimizer states",
    },
  },
  {
    name: "Lightning's step runs the forward pass within the optimizer's",
    text: `Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/pytorch_lightning/core/optimizer.py", line 154, in step
    step_output = self._strategy.optimizer_step(self._optimizer, closure, **kwargs)
  File "/venv/lib/python3.11/site-packages/torch/optim/adamw.py", line 161, in step
    loss = closure()
  File "/app/model.py", line 44, in training_step
    out = self.model(**batch)
  File "/venv/lib/python3.11/site-packages/transformers/models/qwen2/modeling_qwen2.py", line 60, in forward
    down_proj = self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 592.00 MiB. ${GPU}`,
    says: { moment: "forward", inner: "the MLP", type: "qwen2" },
  },
  {
    name: "a generation by transformers, with the model's name in its script",
    text: `Traceback (most recent call last):
  File "/app/gen.py", line 12, in <module>
    model = AutoModelForCausalLM.from_pretrained("mistralai/Mistral-7B-Instruct-v0.2", device_map="auto")
  File "/app/gen.py", line 20, in <module>
    out = model.generate(**inputs, max_new_tokens=512)
  File "/venv/lib/python3.10/site-packages/transformers/generation/utils.py", line 2215, in generate
    result = self._sample(
  File "/venv/lib/python3.10/site-packages/transformers/cache_utils.py", line 450, in update
    self.key_cache[layer_idx] = torch.cat([self.key_cache[layer_idx], key_states], dim=-2)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 256.00 MiB. GPU 0 has a total capacity of 23.65 GiB of which 120.06 MiB is free. Process 771 has 23.52 GiB memory in use. Of the allocated memory 22.80 GiB is allocated by PyTorch, and 280.01 MiB is reserved by PyTorch but unallocated.`,
    says: {
      moment: "generate",
      inner: "the key-value cache",
      model: "mistralai/Mistral-7B-Instruct-v0.2",
    },
  },
  {
    name: "evaluation gathers logits",
    text: `Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/transformers/trainer.py", line 4489, in evaluation_loop
    all_preds = nested_concat(all_preds, logits, padding_index=-100)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 15.66 GiB. ${GPU}`,
    says: { tried: "15.66 GiB", moment: "evaluate" },
  },
  {
    name: "a command with its flags before the error",
    text:
      `$ torchrun --nproc_per_node 1 run_sft.py --model_name_or_path Qwen/Qwen3-8B --per_device_train_batch_size 4 --max_seq_length 4096 --bf16 True --gradient_checkpointing True
NVIDIA GeForce RTX 4090
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.16 GiB. GPU 0 has a total capacity of 23.52 GiB of which 900.12 MiB is free. Process 9 has 22.60 GiB memory in use. Of the allocated memory 21.90 GiB is allocated by PyTorch, and 220.00 MiB is reserved by PyTorch but unallocated.`,
    says: {
      model: "Qwen/Qwen3-8B",
      gpus: ["RTX 4090"],
      tried: "1.16 GiB",
    },
  },
  {
    name: "cuBLAS has no room for its handle",
    text: `Traceback (most recent call last):
  File "/app/train.py", line 33, in forward
    return F.linear(x, self.weight)
RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling \`cublasCreate(handle)\``,
    says: { kind: "bare", tool: "cuBLAS", tried: null, moment: "forward" },
  },
  {
    name: "CUDA says no figures",
    text:
      "RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.",
    says: { kind: "bare", tool: "CUDA", tried: null, capacity: null },
  },
  {
    name: "NCCL has no room",
    text:
      "torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1333, unhandled cuda error (run with NCCL_DEBUG=INFO for details), NCCL version 2.21.5\nncclUnhandledCudaError: Call to CUDA function failed.\nLast error:\nCuda failure 2 'out of memory'",
    says: { kind: "bare", tool: "NCCL" },
  },
  {
    name: "bitsandbytes' pages have no room",
    text:
      "Error: out of memory at line 380 in file /src/csrc/pythonInterface.c",
    says: { kind: "bare", tool: "bitsandbytes" },
  },
  {
    name: "the host has no room for offloaded states",
    text:
      "RuntimeError: [enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: can't allocate memory: you tried to allocate 32121044992 bytes. Error code 12 (Cannot allocate memory)",
    says: { kind: "host", tried: "32121044992 bytes", capacity: null },
  },
  {
    name: "the kernel ends a rank",
    text:
      "[2024-05-11 09:15:35,118] torch.distributed.elastic.multiprocessing.api: [ERROR] failed (exitcode: -9) local_rank: 0 (pid: 3178) of binary: /usr/bin/python3\n  exitcode  : -9 (pid: 3178)\n  error_file: <N/A>\n  traceback : Signal 9 (SIGKILL) received by PID 3178",
    says: { kind: "host", tool: "Linux", tried: null },
  },
  {
    name: "Triton's shared memory is not the GPU's",
    text:
      "triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: 131072, Hardware limit: 101376. Reducing block sizes or `num_stages` may help.",
    says: { kind: "shared", tried: "131072 bytes", capacity: "101376 bytes" },
  },
  {
    name: "a log in JSON, whose stack is on one line",
    text: JSON.stringify({
      level: "error",
      message: `Traceback (most recent call last):
  File "/app/train.py", line 9, in <module>
    loss.backward()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.32 GiB. ${GPU}`,
    }),
    says: { tried: "2.32 GiB", moment: "backward" },
  },
  {
    name: "a server's launcher that the kernel ended",
    text: "Loading checkpoint shards:  50%|█████     | 2/4\nKilled",
    says: { kind: "host", tool: "Linux" },
  },
  {
    name: "words alone",
    text: "ERROR: ran out of memory on device",
    says: { kind: "bare", tried: null },
  },
  {
    name: "a model and a GPU in the words around the error",
    text:
      "Hi, I fine-tune Qwen2.5-7B-Instruct with LoRA on one A100 40GB and get: RuntimeError: CUDA error: out of memory",
    says: {
      kind: "bare",
      model: "Qwen/Qwen2.5-7B-Instruct",
      gpus: ["A100-40GB"],
    },
  },
];
