import type { SaidText } from "./said.ts";

/**
 * PyTorch's messages as public reports have them. What runs before is as their
 * stacks have it.
 */
export const TORCH_TEXTS: readonly SaidText[] = [
  {
    // pyllama#38
    name: "1.13 to 2.0, plenty of room by its own count",
    text:
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 64.00 MiB (GPU 0; 12.00 GiB total capacity; 2.60 GiB already allocated; 8.36 GiB free; 2.62 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF",
    says: {
      tool: "PyTorch",
      device: 0,
      tried: "64.00 MiB",
      capacity: "12.00 GiB",
      free: "8.36 GiB",
      allocated: "2.60 GiB",
      reserved: "2.62 GiB",
      process: null,
    },
  },
  {
    // pytorch#111729
    name: "1.13 to 2.0 with a fraction that is allowed",
    text: String
      .raw`OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB (GPU 3; 11.93 GiB total capacity; 10.67 GiB already allocated; 515.38 MiB free; 11.93 GiB allowed; 10.92 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.`,
    says: {
      device: 3,
      tried: "4.00 GiB",
      capacity: "11.93 GiB",
      free: "515.38 MiB",
      allocated: "10.67 GiB",
      reserved: "10.92 GiB",
    },
  },
  {
    // textgen#963
    name: "no byte is free, and a stack of a generation follows",
    text:
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 166.00 MiB (GPU 0; 8.00 GiB total capacity; 6.93 GiB already allocated; 0 bytes free; 7.22 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.",
    says: { tried: "166.00 MiB", free: "0 bytes", reserved: "7.22 GiB" },
  },
  {
    // fairseq#2442
    name: "RuntimeError of 1.6 within a log",
    text:
      "2020-08-06 07:12:50 | WARNING | fairseq.trainer | OOM: Ran out of memory with exception: CUDA out of memory. Tried to allocate 246.00 MiB (GPU 0; 31.75 GiB total capacity; 26.00 GiB already allocated; 460.38 MiB free; 27.88 GiB reserved in total by PyTorch) (malloc at /opt/conda/conda-bld/c10/cuda/CUDACachingAllocator.cpp:501)",
    says: {
      tried: "246.00 MiB",
      capacity: "31.75 GiB",
      allocated: "26.00 GiB",
      reserved: "27.88 GiB",
    },
  },
  {
    // GenerateU#10
    name: "2.1 spells capacty, and calls itself by its number",
    text:
      `  File "/opt/conda/lib/python3.10/site-packages/torch/nn/modules/linear.py", line 114, in forward
    return F.linear(input, self.weight, self.bias)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 496.00 MiB. GPU 0 has a total capacty of 14.75 GiB of which 235.06 MiB is free. Process 20398 has 14.52 GiB memory in use. Of the allocated memory 14.06 GiB is allocated by PyTorch, and 330.42 MiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting max_split_size_mb to avoid fragmentation.`,
    says: {
      tried: "496.00 MiB",
      capacity: "14.75 GiB",
      free: "235.06 MiB",
      allocated: "14.06 GiB",
      process: "14.52 GiB",
      unallocated: "330.42 MiB",
      moment: "forward",
      others: 0,
    },
  },
  {
    // LlamaFactory#3398
    name: "scores of attention in eval, as the last line of the stack says",
    text:
      `  File "/root/envs/llama-factory/lib/python3.11/site-packages/transformers/models/llama/modeling_llama.py", line 381, in forward
    attn_weights = nn.functional.softmax(attn_weights, dim=-1, dtype=torch.float32).to(query_states.dtype)
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/root/envs/llama-factory/lib/python3.11/site-packages/torch/nn/functional.py", line 1860, in softmax
    ret = input.softmax(dim, dtype=dtype)
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.17 GiB. GPU 0 has a total capacity of 23.65 GiB of which 2.52 GiB is free. Process 17949 has 21.11 GiB memory in use. Of the allocated memory 17.72 GiB is allocated by PyTorch, and 2.94 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.`,
    says: {
      tried: "3.17 GiB",
      process: "21.11 GiB",
      unallocated: "2.94 GiB",
      moment: "forward",
      inner: "the scores of attention",
      type: "llama",
    },
  },
  {
    // sd-scripts#2029
    name: "a rank's line and the same without a prefix",
    text: `[rank0]: Traceback (most recent call last):
[rank0]:   File "/app/train.py", line 900, in train
[rank0]:     accelerator.backward(loss)
[rank0]:   File "/venv/lib/python3.11/site-packages/torch/autograd/graph.py", line 825, in _engine_run_backward
[rank0]:     return Variable._execution_engine.run_backward(
[rank0]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.99 GiB. GPU 0 has a total capacity of 23.56 GiB of which 1.23 GiB is free. Including non-PyTorch memory, this process has 22.27 GiB memory in use. Of the allocated memory 14.73 GiB is allocated by PyTorch, and 6.39 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.
steps:   0%|          | 0/1500 [00:12<?, ?it/s]`,
    says: {
      who: "rank0",
      tried: "1.99 GiB",
      process: "22.27 GiB",
      unallocated: "6.39 GiB",
      moment: "backward",
    },
  },
  {
    // efficient_cross_entropy#9
    name: "a process of 0 bytes, as WSL says, is no figure",
    text:
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 17.37 GiB. GPU 0 has a total capacity of 31.50 GiB of which 9.48 GiB is free. Including non-PyTorch memory, this process has 0 bytes memory in use. Of the allocated memory 20.91 GiB is allocated by PyTorch, and 833.28 MiB is reserved by PyTorch but unallocated.",
    says: { tried: "17.37 GiB", process: null, allocated: "20.91 GiB" },
  },
  {
    name: "a counter that ran over, as WSL says too, is no figure",
    text:
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.27 GiB. GPU 0 has a total capacity of 15.99 GiB of which 0 bytes is free. Including non-PyTorch memory, this process has 17179869184.00 GiB memory in use. Of the allocated memory 28.48 GiB is allocated by PyTorch, and 345.35 MiB is reserved by PyTorch but unallocated.",
    says: { tried: "1.27 GiB", process: null, free: "0 bytes" },
  },
  {
    name: "several processes on the GPU",
    text:
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.32 GiB. GPU 1 has a total capacity of 79.15 GiB of which 1.03 GiB is free. Process 884102 has 21.30 GiB memory in use. Process 1120377 has 41.12 GiB memory in use. Including non-PyTorch memory, this process has 15.68 GiB memory in use. Of the allocated memory 14.60 GiB is allocated by PyTorch, and 512.11 MiB is reserved by PyTorch but unallocated.",
    says: {
      device: 1,
      tried: "2.32 GiB",
      process: "15.68 GiB",
      others: 2,
      otherBytes: "62.42 GiB",
    },
  },
  {
    // vllm#15105
    name: "two ranks at once, with CUDA graphs' pools",
    text:
      `(VllmWorker rank=1 pid=2978) ERROR 03-19 07:27:53 [multiproc_executor.py:375]     self.model_runner._dummy_sampler_run(
(VllmWorker rank=0 pid=2961) ERROR 03-19 07:27:53 [multiproc_executor.py:375]     self.model_runner._dummy_sampler_run(
(VllmWorker rank=1 pid=2978) ERROR 03-19 07:27:53 [multiproc_executor.py:375] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.74 GiB. GPU 1 has a total capacity of 23.57 GiB of which 605.88 MiB is free. Process 133288 has 22.97 GiB memory in use. Of the allocated memory 20.21 GiB is allocated by PyTorch, with 128.00 MiB allocated in private pools (e.g., CUDA Graphs), and 185.98 MiB is reserved by PyTorch but unallocated.
(VllmWorker rank=0 pid=2961) ERROR 03-19 07:27:53 [multiproc_executor.py:375] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.74 GiB. GPU 0 has a total capacity of 23.57 GiB of which 594.88 MiB is free. Process 133267 has 22.97 GiB memory in use. Of the allocated memory 20.21 GiB is allocated by PyTorch, with 128.00 MiB allocated in private pools (e.g., CUDA Graphs), and 185.98 MiB is reserved by PyTorch but unallocated.
(VllmWorker rank=1 pid=2978) ERROR 03-19 07:27:53 [multiproc_executor.py:375] RuntimeError: CUDA out of memory occurred when warming up sampler with 1024 dummy requests. Please try lowering \`max_num_seqs\` or \`gpu_memory_utilization\` when initializing the engine.`,
    says: {
      tried: "1.74 GiB",
      device: 1,
      free: "605.88 MiB",
      allocated: "20.21 GiB",
      unallocated: "185.98 MiB",
      moment: "sample",
      more: 2,
    },
  },
  {
    // TheRock#1054
    name: "ROCm",
    text:
      "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 124.00 MiB. GPU 0 has a total capacity of 19.94 GiB of which 554.47 MiB is free. Of the allocated memory 15.87 GiB is allocated by PyTorch, and 165.29 MiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_HIP_ALLOC_CONF=expandable_segments:True to avoid fragmentation.",
    says: {
      tried: "124.00 MiB",
      capacity: "19.94 GiB",
      free: "554.47 MiB",
      allocated: "15.87 GiB",
      process: null,
    },
  },
  {
    // TheRock#2118
    name: "ROCm with a fraction that is allowed, and pools of graphs",
    text:
      "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 MiB. GPU 0 has a total capacity of 255.98 GiB of which 244.65 GiB is free. 1.05 GiB allowed; Of the allocated memory 1017.01 MiB is allocated by PyTorch, with 17.00 MiB allocated in private pools (e.g., HIP Graphs), and 54.99 MiB is reserved by PyTorch but unallocated.",
    says: {
      tried: "2.00 MiB",
      free: "244.65 GiB",
      allowed: "1.05 GiB",
      allocated: "1017.01 MiB",
    },
  },
  {
    name: "Apple's GPU, which writes GB until 2.8",
    text:
      "RuntimeError: MPS backend out of memory (MPS allocated: 42.33 GB, other allocations: 3.00 GB, max allowed: 45.90 GB). Tried to allocate 3.00 GB on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for memory allocations (may cause system failure).",
    says: {
      tool: "PyTorch on Apple's GPU",
      tried: "3.00 GiB",
      capacity: "45.90 GiB",
      allocated: "42.33 GiB",
      free: "0.57 GiB",
    },
  },
  {
    name: "Apple's GPU, a shared pool",
    text:
      "RuntimeError: MPS backend out of memory (MPS allocated: 1024.00 MiB, other allocations: 384.00 KiB, max allowed: 511.18 MiB). Tried to allocate 256.00 MiB on shared pool.",
    says: { tried: "256.00 MiB", capacity: "511.18 MiB", free: "0 bytes" },
  },
  {
    name: "Intel's GPU",
    text:
      "torch.OutOfMemoryError: XPU out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.91 GiB of which 1.20 GiB is free. Of the allocated memory 13.10 GiB is allocated by PyTorch, and 1.01 GiB is reserved by PyTorch but unallocated. Please use `empty_cache` to release all unoccupied cached memory.",
    says: { tried: "2.00 GiB", capacity: "15.91 GiB", unallocated: "1.01 GiB" },
  },
  {
    name: "broken by a terminal in the middle of its figures",
    text: `torch.OutOfMemoryError: CUDA out of memory. Tried to
allocate 3.91 GiB. GPU 0 has a total capacity of 79.15
GiB of which 2.31 GiB is free. Including non-PyTorch
memory, this process has 76.82 GiB memory in use. Of the
allocated memory 74.90 GiB is allocated by PyTorch, and
1.09 GiB is reserved by PyTorch but unallocated.`,
    says: {
      tried: "3.91 GiB",
      capacity: "79.15 GiB",
      free: "2.31 GiB",
      process: "76.82 GiB",
      unallocated: "1.09 GiB",
    },
  },
  {
    name: "in rich's box, within a notebook",
    text:
      `╭───────────────── Traceback (most recent call last) ──────────────────╮
│ /content/train.py:88 in <module>                                     │
│ ❱  88 trainer.train()                                                │
│ /usr/local/lib/python3.10/dist-packages/torch/optim/adamw.py:184 in step │
│ ❱ 184 │   │   │   state["exp_avg_sq"] = torch.zeros_like(             │
╰──────────────────────────────────────────────────────────────────────╯
OutOfMemoryError: CUDA out of memory. Tried to allocate 112.00 MiB. GPU 0 has a
total capacity of 14.74 GiB of which 98.12 MiB is free. Process 4312 has 14.64 GiB
memory in use. Of the allocated memory 13.90 GiB is allocated by PyTorch, and 620.44
MiB is reserved by PyTorch but unallocated.`,
    says: {
      tried: "112.00 MiB",
      free: "98.12 MiB",
      unallocated: "620.44 MiB",
      moment: "optimizer",
      inner: "optimizer states",
    },
  },
  {
    name: "cudaMallocAsync's allocator, as ComfyUI runs it",
    text:
      `torch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory. (out of memory)
Currently allocated     : 9.43 GiB
Requested               : 640.00 MiB
Device limit            : 11.59 GiB
Free (according to CUDA): 7.12 MiB
PyTorch limit (set by user-supplied memory fraction)
                        : 17179869184.00 GiB`,
    says: {
      kind: "allocation",
      tried: "640.00 MiB",
      capacity: "11.59 GiB",
      free: "7.12 MiB",
      allocated: "9.43 GiB",
    },
  },
  {
    name: "Ascend's NPU",
    text:
      "RuntimeError: NPU out of memory. Tried to allocate 2.00 GiB (NPU 3; 60.97 GiB total capacity; 58.20 GiB already allocated; 58.20 GiB current active; 1.20 GiB free; 59.60 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.",
    says: {
      device: 3,
      tried: "2.00 GiB",
      capacity: "60.97 GiB",
      free: "1.20 GiB",
      reserved: "59.60 GiB",
    },
  },
  {
    name: "MLX",
    text:
      "RuntimeError: [metal::malloc] Attempting to allocate 11324620800 bytes which is greater than the maximum allowed buffer size of 9534832640 bytes.",
    says: {
      tool: "MLX",
      tried: "11324620800 bytes",
      allowed: "9534832640 bytes",
      capacity: null,
    },
  },
];
