import type { SaidText } from "./said.ts";

/** What serving engines say, as it stands in logs. */
export const REFUSAL_TEXTS: readonly SaidText[] = [
  {
    name: "NPU 2.x dot-joined (sglang#29838)",
    text:
      "torch.OutOfMemoryError: NPU out of memory. Tried to allocate 72.00 MiB (NPU 0; 61.27 GiB total capacity; 56.05 GiB already allocated; 56.05 GiB current active; 5.04 MiB free; 58.39 GiB reserved in total by PyTorch).If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.",
    says: {
      tried: "72.00 MiB",
      device: 0,
      capacity: "61.27 GiB",
      free: "5.04 MiB",
      reserved: "58.39 GiB",
    },
  },
  {
    name: "vllm 0.12 'model's' (b70#4)",
    text:
      "(EngineCore pid=316) ValueError: To serve at least one request with the model's max seq len (100000), (4.26 GiB KV cach\ne is needed, which is larger than the available KV cache memory (4.25 GiB). Based on the available memory, the estimated maximum model length is 99600. Try increasing `gpu_memory_utilization` (lower max_model_len)",
    says: {
      kind: "cache",
      tool: "vLLM",
      tried: "4.26 GiB",
      free: "4.25 GiB",
      tokens: [
        100000,
        99600,
      ],
    },
  },
  {
    name: "vllm lemonade prefix",
    text:
      "2026-06-09 14:01:52.982 [Error] (Process) (EngineCore pid=42521) ERROR 06-09 14:01:52 [core.py:1136] ValueError: To serve at least one request with the models's max seq len (131072), (4.11 GiB KV cache is needed, which is larger than the available KV cache memory (4.0 GiB). Based on the available memory, the estimated maximum model length is 127776. Try increasing `gpu_memory_utilization` or decreasing `max_model_len`",
    says: {
      kind: "cache",
      tried: "4.11 GiB",
      free: "4.0 GiB",
      tokens: [
        131072,
        127776,
      ],
    },
  },
  {
    name: "vllm engine core failed with cause",
    text:
      "(EngineCore_DP0 pid=6880) ValueError: To serve at least one request with the models's max seq len (131072), (4.54 GiB KV cache is needed, which is larger than the available KV cache memory (1.71 GiB). Based on the available memory, the estimated maximum model length is 49136. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.\n(APIServer pid=6700) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}\nvllm serve openai/gpt-oss-120b --tensor-parallel-size 1",
    says: {
      kind: "cache",
      tried: "4.54 GiB",
      free: "1.71 GiB",
      tokens: [
        131072,
        49136,
      ],
      model: "openai/gpt-oss-120b",
    },
  },
  {
    name: "vllm start 0.17 words",
    text:
      "ValueError: Free memory on device cuda:0 (30.84/31.37 GiB) on startup is less than desired GPU memory utilization (0.99, 31.06 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
    says: {
      kind: "start",
      tried: "31.06 GiB",
      free: "30.84 GiB",
      capacity: "31.37 GiB",
    },
  },
  {
    name: "vllm start XPU",
    text:
      "ValueError: Free memory on device xpu:1 (10.01/15.91 GiB) on startup is less than desired GPU memory utilization (0.9, 14.32 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
    says: {
      kind: "start",
      device: 1,
      free: "10.01 GiB",
    },
  },
  {
    name: "sglang decode (sglang#4602)",
    text:
      "RuntimeError: Decode out of memory. Try to lower your batch size.\nTry to allocate 148 tokens.\nAvaliable tokens: 2048\nself.token_to_kv_pool_allocator.available_size()=2048\nself.tree_cache.evictable_size()=0",
    says: {
      kind: "cache",
      tool: "SGLang",
      tokens: [
        148,
        2048,
      ],
    },
  },
  {
    name: "sglang decode retract (no failure)",
    text:
      "[2025-03-07 21:49:33 TP13] Decode out of memory happened. #retracted_reqs: 1, #new_token_ratio: 0.1474 -> 0.1845\n[2025-03-07 21:49:33 TP12] Decode out of memory happened. #retracted_reqs: 1, #new_token_ratio: 0.1474 -> 0.1845",
    says: {
      kind: "cache",
      tool: "SGLang",
      tokens: [
        null,
        null,
      ],
    },
  },
  {
    name: "sglang KV cache pool is full retract",
    text:
      "[2025-12-07 21:49:33 TP0] KV cache pool is full. Retract requests. #retracted_reqs: 1, #new_tokens_gained: 2215, #new_token_ratio: 0.5980 -> 0.6710",
    says: {
      kind: "cache",
      tool: "SGLang",
    },
  },
  {
    name: "sglang not enough memory + avail mem lines",
    text:
      "[2026-01-12 10:01:20 TP0] Init torch distributed begin.\n[2026-01-12 10:01:22 TP0] Load weight begin. avail mem=23.20 GB\n[2026-01-12 10:01:52 TP0] Load weight end. type=Qwen3ForCausalLM, dtype=torch.bfloat16, avail mem=7.84 GB, mem usage=15.36 GB.\nRuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: self.server_args.mem_fraction_static=0.3",
    says: {
      kind: "no cache",
      tool: "SGLang",
    },
  },
  {
    name: "sglang unbalanced 0.5",
    text:
      "ValueError: The memory capacity is unbalanced. Some GPUs may be occupied by other processes. pre_model_load_memory=22.1, local_gpu_memory=78.2, local_gpu_memory * 0.9=70.38",
    says: {
      kind: "start",
      free: "22.1 GiB",
    },
  },
  {
    name: "ik_llama (#749)",
    text:
      "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 279356.51 MiB on device 0: cudaMalloc failed: out of memory\nggml_gallocr_reserve_n: failed to allocate CUDA0 buffer of size 292926534144\nllama_new_context_with_model: failed to allocate compute buffers",
    says: {
      tool: "llama.cpp",
      tried: "292926534144 bytes",
      what: "compute buffers",
      device: 0,
    },
  },
  {
    name: "metal compute (BodhiApp#4)",
    text:
      "ggml_gallocr_reserve_n: failed to allocate Metal buffer of size 8891928576\nllama_init_from_gpt_params: error: failed to create context with model 'Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf'",
    says: {
      tool: "llama.cpp",
      tried: "8891928576 bytes",
      what: "compute buffers",
    },
  },
  {
    name: "metal command buffer (llama.cpp#9701)",
    text:
      "ggml_metal_graph_compute: command buffer 3 failed with status 5\nerror: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)\nllama_decode: failed to decode, ret = -3",
    says: {
      tool: "llama.cpp",
      kind: "bare",
    },
  },
  {
    name: "metal buffer too large",
    text:
      "ggml_metal_add_buffer: buffer 'data' size 18300780544 is larger than buffer maximum of 17179869184",
    says: {
      tool: "llama.cpp",
      tried: "18300780544 bytes",
      allowed: "17179869184 bytes",
      capacity: null,
    },
  },
  {
    name: "metal failed to allocate size",
    text:
      "ggml_metal_buffer_init: error: failed to allocate buffer, size = 9216.00 MiB\nalloc_tensor_range: failed to allocate Metal buffer of size 9663676416\nllama_model_load: error loading model: unable to allocate Metal buffer",
    says: {
      tool: "llama.cpp",
      tried: "9663676416 bytes",
      what: "weights",
    },
  },
  {
    name: "vulkan out of device (llama.cpp#29270)",
    text:
      "ggml_vulkan: Device memory allocation of size 369827840 failed.\nggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
    says: {
      tool: "llama.cpp",
      tried: "369827840 bytes",
    },
  },
  {
    name: "vulkan exceeds max",
    text:
      "ggml_vulkan: Device memory allocation of size 3959422976 failed.\nggml_vulkan: Requested buffer size exceeds device memory allocation limit: ErrorOutOfDeviceMemory\nggml_gallocr_reserve_n: failed to allocate Vulkan0 buffer of size 3959422976",
    says: {
      tool: "llama.cpp",
      tried: "3959422976 bytes",
      what: "compute buffers",
    },
  },
  {
    name: "llama fit (PR16653)",
    text:
      "llama_params_fit_impl: projected memory use with initial parameters [MiB]:\nllama_params_fit_impl:   - CUDA0 (NVIDIA RTX 6000 Ada Generation):  48508 total, 201672 used, 153599 deficit\nllama_params_fit_impl:   - CUDA1 (NVIDIA RTX 6000 Ada Generation):  48508 total, 208920 used, 160846 deficit\nllama_params_fit_impl: projected to use 410593 MiB of device memory vs. 97017 MiB of free device memory\nllama_params_fit_impl: cannot fulfill margin of 1024 MiB on all devices, need to use 316493 MiB less in total\nllama_params_fit: failed to fit params to free device memory: n_gpu_layers already set by user to 99, abort",
    says: {
      tool: "llama.cpp",
      tried: "410593 MiB",
      free: "97017 MiB",
    },
  },
  {
    name: "llama fit one dev 0.4",
    text:
      "common_fit_params: failed to fit params to free device memory: n_gpu_layers already set by user to 99, abort\nllama_params_fit_impl: projected to use 14210 MiB of device memory vs. 11231 MiB of free device memory",
    says: {
      tool: "llama.cpp",
      tried: "14210 MiB",
      free: "11231 MiB",
    },
  },
  {
    name: "ollama unable to allocate",
    text:
      "llama runner process has terminated: error loading model: unable to allocate CUDA0 buffer",
    says: {
      tool: "ollama",
      what: "weights",
    },
  },
  {
    name: "ollama memory layout",
    text:
      "Error: 500 Internal Server Error: memory layout cannot be allocated with num_gpu = 49",
    says: {
      kind: "bare",
    },
  },
  {
    name: "TGI prefill",
    text:
      'Error: Warmup(Generation("Not enough memory to handle 16000 total tokens with 2 prefill tokens. You need to decrease `--max-batch-total-tokens` or `--max-batch-prefill-tokens`"))',
    says: {
      tool: "TGI",
      kind: "no cache",
    },
  },
  {
    name: "TGI 2: warmup CUDA OOM",
    text:
      "ERROR text_generation_launcher: Method Warmup encountered an error.\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 416.00 MiB. GPU 0 has a total capacity of 21.98 GiB of which 153.44 MiB is free. Process 49810 has 21.82 GiB memory in use. Of the allocated memory 21.50 GiB is allocated by PyTorch, and 50.20 MiB is reserved by PyTorch but unallocated.\nRuntimeError: Not enough memory to handle 4096 prefill tokens. You need to decrease `--max-batch-prefill-tokens`",
    says: {
      tried: "416.00 MiB",
    },
  },
  {
    name: "mlc vulkan",
    text:
      "InternalError: Check failed: (__e == VK_SUCCESS) is false: Vulkan Error, code=-2: VK_ERROR_OUT_OF_DEVICE_MEMORY",
    says: {
      kind: "bare",
    },
  },
];
