import type { SaidText } from "./said.ts";

/** What serving engines say when they do not start, or give up. */
export const SERVING_TEXTS: readonly SaidText[] = [
  {
    name: "vLLM 0.9: the cache would not hold one request",
    text:
      "(EngineCore_0 pid=612) ERROR 08-22 10:03:11 [core.py:700] ValueError: To serve at least one request with the models's max seq len (40960), (4.38 GiB KV cache is needed, which is larger than the available KV cache memory (4.00 GiB). Based on the available memory, the estimated maximum model length is 37440. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
    says: {
      kind: "cache",
      tool: "vLLM",
      tried: "4.38 GiB",
      free: "4.00 GiB",
      capacity: null,
      tokens: [40_960, 37_440],
    },
  },
  {
    name: "the same as it is pasted, without the bracket and on lines",
    text:
      `ValueError: To serve at least one request with the models's max seq len (32768),
16.00 GiB KV cache is needed, which is larger than the available KV cache memory (4.85 GiB).
Based on the available memory, the estimated maximum model length is 9936.`,
    says: {
      tried: "16.00 GiB",
      free: "4.85 GiB",
      tokens: [32_768, 9936],
    },
  },
  {
    name: "the same without an estimate",
    text:
      "ValueError: To serve at least one request with the models's max seq len (8192), (1.5 GiB KV cache is needed, which is larger than the available KV cache memory (1.08 GiB). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
    says: { tried: "1.5 GiB", free: "1.08 GiB", tokens: [8192, null] },
  },
  {
    name: "vLLM until 0.8 counts tokens",
    text:
      `INFO 12-01 09:12:01 model_runner.py:1072] Loading model weights took 14.9888 GB
INFO 12-01 09:12:09 worker.py:232] Memory profiling results: total_gpu_memory=23.58GiB initial_memory_usage=15.34GiB peak_torch_memory=17.98GiB memory_usage_post_profile=15.35GiB non_torch_memory=0.35GiB kv_cache_size=2.89GiB gpu_memory_utilization=0.90
ValueError: The model's max seq len (29000) is larger than the maximum number of tokens that can be stored in KV cache (23648). Try increasing \`gpu_memory_utilization\` or decreasing \`max_model_len\` when initializing the engine.`,
    says: { kind: "cache", tokens: [29_000, 23_648], tried: null },
  },
  {
    name: "vLLM finds no room for any cache",
    text:
      `(EngineCore_DP0 pid=270) INFO 11-19 12:16:36 [gpu_worker.py:298] Available KV cache memory: -0.36 GiB
(EngineCore_DP0 pid=270) ERROR 11-19 12:16:36 [core.py:708] ValueError: No available memory for the cache blocks. Try increasing \`gpu_memory_utilization\` when initializing the engine.`,
    says: { kind: "no cache", tool: "vLLM", tried: null, free: null },
  },
  {
    name: "vLLM finds less free than it is to take",
    text:
      "ValueError: Free memory on device cuda:0 (3.25/23.43 GiB) on startup is less than desired GPU memory utilization (0.96, 22.49 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
    says: {
      kind: "start",
      tried: "22.49 GiB",
      free: "3.25 GiB",
      capacity: "23.43 GiB",
      device: 0,
    },
  },
  {
    name: "the same without the device's name",
    text:
      "ValueError: Free memory on device (11.45/15.99 GiB) on startup is less than desired GPU memory utilization (0.9, 14.39 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
    says: { kind: "start", tried: "14.39 GiB", free: "11.45 GiB" },
  },
  {
    name: "the sampler's warm-up alone",
    text:
      "RuntimeError: CUDA out of memory occurred when warming up sampler with 256 dummy requests. Please try lowering `max_num_seqs` or `gpu_memory_utilization` when initializing the engine.",
    says: { kind: "bare", tool: "vLLM", what: "sampler", moment: "sample" },
  },
  {
    // vllm#16 issue on Llama 4 Scout
    name: "vLLM while it makes weights, with its flags",
    text:
      `vllm serve meta-llama/Llama-4-Scout-17B-16E-Instruct --tensor-parallel-size 2 --max-model-len 1000 --gpu-memory-utilization 0.99 --kv-cache-dtype fp8
(VllmWorker rank=1 pid=254) ERROR 04-16 08:00:12 [multiproc_executor.py:379]   File "/usr/lib/python3.12/vllm/model_executor/model_loader/loader.py", line 130, in _initialize_model
(VllmWorker rank=1 pid=254) ERROR 04-16 08:00:12 [multiproc_executor.py:379]   File "/usr/lib/python3.12/vllm/model_executor/layers/fused_moe/layer.py", line 88, in create_weights
(VllmWorker rank=1 pid=254) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.25 GiB. GPU 1 has a total capacity of 93.02 GiB of which 1.18 GiB is free. Process 2752205 has 91.82 GiB memory in use. Of the allocated memory 90.63 GiB is allocated by PyTorch, and 120.54 MiB is reserved by PyTorch but unallocated.`,
    says: {
      device: 1,
      tried: "1.25 GiB",
      moment: "load",
      model: "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    },
  },
  {
    name: "SGLang has no room for its pool",
    text:
      `[2025-03-12 10:01:22 TP0] Load weight end. type=MistralForCausalLM, dtype=torch.bfloat16, avail mem=8.54 GB, mem usage=13.50 GB.
[2025-03-12 10:01:22 TP0] Scheduler hit an exception: Traceback (most recent call last):
  File "/sgl-workspace/sglang/python/sglang/srt/model_executor/model_runner.py", line 860, in init_memory_pool
    raise RuntimeError(
RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.`,
    says: { kind: "no cache", tool: "SGLang", tried: null },
  },
  {
    name: "SGLang of 0.5 says the fraction",
    text:
      "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: self.server_args.mem_fraction_static=0.2",
    says: { kind: "no cache", tool: "SGLang" },
  },
  {
    // sglang#5285
    name: "SGLang while it captures graphs",
    text:
      `  File "/sgl-workspace/sglang/python/sglang/srt/model_executor/model_runner.py", line 934, in init_cuda_graphs
    self.cuda_graph_runner = CudaGraphRunner(self)
Exception: Capture cuda graph failed: CUDA out of memory. Tried to allocate 448.00 MiB. GPU 7 has a total capacity of 95.00 GiB of which 210.06 MiB is free. Process 91 has 94.78 GiB memory in use. Of the allocated memory 91.20 GiB is allocated by PyTorch, and 98.10 MiB is reserved by PyTorch but unallocated.
Possible solutions:
1. set --mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)`,
    says: {
      tool: "PyTorch",
      device: 7,
      tried: "448.00 MiB",
      moment: "graphs",
    },
  },
  {
    // llama.cpp#11476
    name: "llama.cpp has no room to compute",
    text:
      `ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9866.00 MiB on device 1: cudaMalloc failed: out of memory
ggml_gallocr_reserve_n: failed to allocate CUDA1 buffer of size 10345253120
llama_kv_cache_update_impl: failed to allocate compute buffers`,
    says: {
      kind: "allocation",
      tool: "llama.cpp",
      device: 1,
      tried: "10345253120 bytes",
      what: "compute buffers",
    },
  },
  {
    // llama.cpp#16725
    name: "llama.cpp on ROCm, by its server",
    text:
      `ggml_backend_cuda_buffer_type_alloc_buffer: allocating 14136.04 MiB on device 0: cudaMalloc failed: out of memory
ggml_gallocr_reserve_n: failed to allocate ROCm0 buffer of size 14822711296
graph_reserve: failed to allocate compute buffers
llama_init_from_model: failed to initialize the context: failed to allocate compute pp buffers
common_init_from_params: failed to create context with model 'models/Apertus-70B-Instruct-2509-IQ4_XS.gguf'
srv    load_model: failed to load model, 'models/Apertus-70B-Instruct-2509-IQ4_XS.gguf'`,
    says: { tried: "14822711296 bytes", device: 0, what: "compute buffers" },
  },
  {
    // llama.cpp#20431
    name: "llama.cpp has no room for the weights",
    text:
      `load_tensors: loading model tensors, this can take a while... (mmap = true, direct_io = false)
ggml_backend_cuda_buffer_type_alloc_buffer: allocating 144817.04 MiB on device 0: cudaMalloc failed: out of memory
alloc_tensor_range: failed to allocate CUDA0 buffer of size 151851674624
llama_model_load: error loading model: unable to allocate CUDA0 buffer`,
    says: { tried: "151851674624 bytes", what: "weights", moment: "load" },
  },
  {
    name: "llama.cpp has no room for its cache",
    text:
      `E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 13285.50 MiB on device 0: cudaMalloc failed: out of memory
E llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache`,
    says: { tried: "13285.50 MiB", what: "KV cache", moment: "cache" },
  },
  {
    name: "ollama's answer, which has llama.cpp's lines in JSON",
    text: String
      .raw`Error: 500 Internal Server Error: llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory\nalloc_tensor_range: failed to allocate CUDA0 buffer of size 1879048192\nllama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache (ollama)`,
    says: { tool: "ollama", tried: "1879048192 bytes", what: "KV cache" },
  },
  {
    // ollama#8447
    name: "ollama in a container, without the exact size",
    text:
      `ollama  | ggml_backend_cuda_buffer_type_alloc_buffer: allocating 35533.34 MiB on device 0: cudaMalloc failed: out of memory
ollama  | llama_model_load: error loading model: unable to allocate CUDA0 buffer
ollama  | llama_load_model_from_file: failed to load model
ollama  | panic: unable to load model: /root/.ollama/models/blobs/sha256-d83c18fb2a2ccca56d641920f01e6fe533dfb3fcf4b77c007c931497cd24a517`,
    says: {
      tool: "ollama",
      who: "ollama",
      tried: "35533.34 MiB",
      what: "weights",
    },
  },
  {
    // ollama#9260
    name: "ollama in the journal",
    text:
      `Feb 21 01:41:02 paibo ollama[402476]: ggml_backend_cuda_buffer_type_alloc_buffer: allocating 81656.95 MiB on device 0: cudaMalloc failed: out of memory
Feb 21 01:41:16 paibo ollama[402476]: llama_model_load: error loading model: unable to allocate CUDA0 buffer`,
    says: { tool: "ollama", tried: "81656.95 MiB", device: 0 },
  },
  {
    // ollama#12634
    name: "the host has no room for llama.cpp's part of the weights",
    text:
      `load_tensors: loading model tensors, this can take a while... (mmap = false)
ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 437944320
alloc_tensor_range: failed to allocate CPU buffer of size 437944320
llama_model_load: error loading model: unable to allocate CPU buffer`,
    says: { kind: "host", tried: "437944320 bytes", device: null },
  },
  {
    name: "ollama asks for more of the host than it has",
    text:
      "Error: model requires more system memory (44.0 GiB) than is available (7.6 GiB)",
    says: {
      kind: "host",
      tool: "ollama",
      tried: "44.0 GiB",
      free: "7.6 GiB",
      capacity: null,
    },
  },
  {
    // ollama#9782
    name: "ollama asks how much is free, and there is none",
    text:
      "Error: llama runner process has terminated: CUDA error: out of memory\n  current device: 0, in function ggml_backend_cuda_device_get_memory at //ml/backend/ggml/ggml/src/ggml-cuda/ggml-cuda.cu:2898\n  cudaMemGetInfo(free, total)",
    says: { kind: "bare", tried: null },
  },
  {
    name: "Vulkan",
    text:
      "ggml_vulkan: Device memory allocation of size 1073741824 failed.\nggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory\nllama_model_load: error loading model: unable to allocate Vulkan0 buffer",
    says: { tool: "llama.cpp", tried: "1073741824 bytes", what: "weights" },
  },
  {
    name: "SGLang has no tokens left for a prompt",
    text: `Prefill out of memory. Try to lower your batch size.
Try to allocate 4096 tokens.
Available full tokens: 3136 (full_available_size=3136 + full_evictable_size_=0)`,
    says: { kind: "cache", tool: "SGLang", tokens: [4096, 3136] },
  },
  {
    name: "the same of earlier releases, with their spelling",
    text:
      "RuntimeError: Prefill out of memory. Try to lower your batch size.\nTry to allocate 2000 tokens.\nAvaliable tokens: 512\n",
    says: { kind: "cache", tool: "SGLang", tokens: [2000, 512] },
  },
  {
    name: "SGLang finds one GPU fuller than another",
    text:
      "RuntimeError: The memory capacity is unbalanced. Some GPUs may be occupied by other processes. pre_model_load_memory=16.28, local_gpu_memory=46.81, local_gpu_memory * 0.9=42.129",
    says: { kind: "start", tool: "SGLang", free: "16.28 GiB" },
  },
  {
    name: "vLLM's measuring is disturbed",
    text:
      "AssertionError: Error in memory profiling. Initial free memory 20.1 GiB, current free memory 22.3 GiB. This happens when other processes sharing the same container release GPU memory while vLLM is profiling during initialization.",
    says: { kind: "start", tool: "vLLM", what: "profile run" },
  },
  {
    name: "FlashInfer's workspace is too small",
    text:
      "RuntimeError: Error in function 'aligned_alloc' at /flashinfer/allocator.h:49: Failed to allocate memory for batch_prefill_tmp_v with size 536870912 and alignment 16 in AlignedAllocator",
    says: { kind: "bare", tool: "FlashInfer" },
  },
  {
    name: "TGI's warm-up",
    text:
      "RuntimeError: Not enough memory to handle 4096 prefill tokens. You need to decrease \`--max-batch-prefill-tokens\`",
    says: { kind: "no cache", tool: "TGI" },
  },
  {
    name: "quantised weights would go to the host",
    text:
      "ValueError: Some modules are dispatched on the CPU or the disk. Make sure you have enough GPU RAM to fit the quantized model.",
    says: { kind: "bare", tool: "transformers" },
  },
];
