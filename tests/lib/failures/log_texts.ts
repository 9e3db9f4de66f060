import type { SaidText } from "./said.ts";

/** Messages as they stand in logs, and forms that few releases print. */
export const LOG_TEXTS: readonly SaidText[] = [
  {
    name: "1.7GiB capacty 0 bytes free, no process (MGFN#35)",
    text:
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.70 GiB. GPU 0 has a total capacty of 6.00 GiB of which 0 bytes is free. Of the allocated memory 2.93 GiB is allocated by PyTorch, and 2.30 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF",
    says: {
      tried: "1.70 GiB",
      capacity: "6.00 GiB",
      free: "0 bytes",
      allocated: "2.93 GiB",
      unallocated: "2.30 GiB",
      process: null,
    },
  },
  {
    name: "cached, pytorch 1.0 (pytorch#16417)",
    text:
      "RuntimeError: CUDA out of memory. Tried to allocate 12.50 MiB (GPU 0; 10.92 GiB total capacity; 8.57 MiB already allocated; 9.28 GiB free; 4.68 MiB cached)",
    says: {
      tried: "12.50 MiB",
      capacity: "10.92 GiB",
      free: "9.28 GiB",
      allocated: "8.57 MiB",
      reserved: "4.68 MiB",
    },
  },
  {
    name: "XPU old, no free (ComfyUI#8767)",
    text:
      "RuntimeError: XPU out of memory. Tried to allocate 5.12 GiB (GPU 0; 15.11 GiB total capacity; 13.40 GiB already allocated; 13.90 GiB reserved in total by PyTorch)",
    says: {
      tried: "5.12 GiB",
      capacity: "15.11 GiB",
      allocated: "13.40 GiB",
      reserved: "13.90 GiB",
      free: null,
    },
  },
  {
    name: "XPU 2.7, no free (ComfyUI#7004)",
    text:
      "KSampler : XPU out of memory. Tried to allocate 128.00 GiB. GPU 0 has a total capacity of 15.56 GiB. Of the allocated memory 2.50 GiB is allocated by PyTorch, and 39.26 MiB is reserved by PyTorch but unallocated. Please use empty_cache to release all unoccupied cached memory.",
    says: {
      tried: "128.00 GiB",
      capacity: "15.56 GiB",
      allocated: "2.50 GiB",
      unallocated: "39.26 MiB",
      free: null,
    },
  },
  {
    name: "XPU 4GB block (ipex#629)",
    text:
      "RuntimeError: Current platform can NOT allocate memory block with size larger than 4GB! Tried to allocate 6.85 GiB (GPU  0; 15.56 GiB total capacity; 0 bytes already allocated; 0 bytes reserved in total by PyTorch)",
    says: {
      tried: "6.85 GiB",
      capacity: "15.56 GiB",
      device: 0,
    },
  },
  {
    name: "NPU more than 1EB (fla-npu#149)",
    text:
      "RuntimeError: NPU out of memory. Tried to allocate more than 1EB memory",
    says: {
      kind: "bare",
    },
  },
  {
    name: "CUDA more than 1EB",
    text:
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate more than 1EB memory.",
    says: {
      kind: "bare",
    },
  },
  {
    name: "HIP cap>free by fragmentation (pytorch#175431)",
    text:
      "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 MiB. GPU 7 has a total capacity of 287.98 GiB of which 203.49 GiB is free. Of the allocated memory 68.63 GiB is allocated by PyTorch, and 14.93 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.",
    says: {
      device: 7,
      tried: "2.00 MiB",
      capacity: "287.98 GiB",
      free: "203.49 GiB",
      unallocated: "14.93 GiB",
    },
  },
  {
    name: "Strix Halo (strix-halo#3)",
    text:
      "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 3.31 GiB. GPU 0 has a total capacity of 128.00 GiB of which 780.24 MiB is free. Of the allocated memory 57.70 GiB is allocated by PyTorch, and 75.82 MiB is reserved by PyTorch but unallocated.",
    says: {
      tried: "3.31 GiB",
      capacity: "128.00 GiB",
      free: "780.24 MiB",
    },
  },
  {
    name: "tqdm noise",
    text:
      '  3%|▎         | 12/400 [01:02<33:10,  5.13s/it]\r  3%|▎         | 13/400 [01:07<33:02,  5.12s/it]Traceback (most recent call last):\n  File "train.py", line 9, in <module>\n    trainer.train()\n  File "/x/transformers/trainer.py", line 3010, in training_step\n    self.accelerator.backward(loss)\ntorch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1002.00 MiB. GPU 0 has a total capacty of 23.69 GiB of which 640.69 MiB is free. Including non-PyTorch memory, this process has 22.42 GiB memory in use. Of the allocated memory 19.51 GiB is allocated by PyTorch, and 2.40 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting max_split_size_mb to avoid fragmentation.\n  3%|▎         | 13/400 [01:10<34:51,  5.40s/it]',
    says: {
      tried: "1002.00 MiB",
      free: "640.69 MiB",
      process: "22.42 GiB",
      unallocated: "2.40 GiB",
      moment: "backward",
    },
  },
  {
    name: "k8s timestamp + ray actor (OpenRLHF#336)",
    text:
      "2024-06-28T06:11:52.685302801Z (LLMRayActor pid=20770) ERROR 06-28 06:11:45 worker_base.py:145] ValueError: The model's max seq len (8192) is larger than the maximum number of tokens that can be stored in KV cache (6048). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
    says: {
      kind: "cache",
      tool: "vLLM",
      tokens: [
        8192,
        6048,
      ],
    },
  },
  {
    name: "four ranks interleaved, FSDP",
    text:
      '[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB. GPU 3 has a total capacity of 79.11 GiB of which 2.02 GiB is free. Including non-PyTorch memory, this process has 77.06 GiB memory in use. Of the allocated memory 73.86 GiB is allocated by PyTorch, and 1.41 GiB is reserved by PyTorch but unallocated.\n[rank0]: Traceback (most recent call last):\n[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB. GPU 1 has a total capacity of 79.11 GiB of which 1.50 GiB is free. Including non-PyTorch memory, this process has 77.56 GiB memory in use. Of the allocated memory 73.86 GiB is allocated by PyTorch, and 1.91 GiB is reserved by PyTorch but unallocated.\n[rank0]:   File "/x/torch/distributed/fsdp/_unshard_param_utils.py", line 5, in _unshard\n[rank0]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which 1.00 GiB is free. Including non-PyTorch memory, this process has 78.06 GiB memory in use. Of the allocated memory 73.86 GiB is allocated by PyTorch, and 2.41 GiB is reserved by PyTorch but unallocated.\nW1130 10:11:12.100000 123 torch/distributed/elastic/multiprocessing/api.py:900] Sending process 130 closing signal SIGTERM',
    says: {
      tried: "4.00 GiB",
      more: 2,
    },
  },
  {
    name: "torchrun local rank prefix [default0]:",
    text:
      "[default0]:[rank0]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 896.00 MiB. GPU 0 has a total capacity of 79.11 GiB of which 395.94 MiB is free. Including non-PyTorch memory, this process has 78.71 GiB memory in use. Of the allocated memory 76.01 GiB is allocated by PyTorch, and 1.02 GiB is reserved by PyTorch but unallocated.\n[default1]:[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 896.00 MiB. GPU 1 has a total capacity of 79.11 GiB of which 595.94 MiB is free. Including non-PyTorch memory, this process has 78.51 GiB memory in use. Of the allocated memory 76.01 GiB is allocated by PyTorch, and 1.02 GiB is reserved by PyTorch but unallocated.",
    says: {
      who: "rank0",
      tried: "896.00 MiB",
      device: 0,
      more: 1,
    },
  },
  {
    name: "private pools 2.6 CUDA graphs",
    text:
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 44.40 GiB of which 15.31 MiB is free. Process 3281 has 44.38 GiB memory in use. Of the allocated memory 42.50 GiB is allocated by PyTorch, with 1.20 GiB allocated in private pools (e.g., CUDA Graphs), and 105.50 MiB is reserved by PyTorch but unallocated.",
    says: {
      tried: "20.00 MiB",
      allocated: "42.50 GiB",
      unallocated: "105.50 MiB",
      process: "44.38 GiB",
    },
  },
  {
    name: "2.10's conf name",
    text:
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139.81 GiB of which 1.11 GiB is free. Including non-PyTorch memory, this process has 138.69 GiB memory in use. Of the allocated memory 135.20 GiB is allocated by PyTorch, and 2.58 GiB is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory Management  (https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)",
    says: {
      tried: "2.00 GiB",
      capacity: "139.81 GiB",
      process: "138.69 GiB",
      unallocated: "2.58 GiB",
    },
  },
  {
    name: "cublas handle with config",
    text:
      "RuntimeError: CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
    says: {
      kind: "bare",
    },
  },
  {
    name: "bnb cudaMallocManaged",
    text:
      "CUDA Error: out of memory at line 118 in file /mmfs1/gscratch/zlab/timdettmers/git/bitsandbytes/csrc/ops.cu",
    says: {
      kind: "bare",
      tool: "bitsandbytes",
    },
  },
  {
    name: "nccl new",
    text:
      "torch.distributed.DistBackendError: NCCL error in: /pytorch/torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:3690, unhandled cuda error (run with NCCL_DEBUG=INFO for details), NCCL version 2.27.5\nncclUnhandledCudaError: Call to CUDA function failed.\nLast error:\nFailed to CUDA calloc async 608 bytes",
    says: {
      kind: "bare",
      tool: "NCCL",
    },
  },
  {
    name: "nccl cuda failure 2",
    text:
      "gpu01:123:456 [0] transport/nvls.cc:254 NCCL WARN Cuda failure 2 'out of memory'",
    says: {
      kind: "bare",
      tool: "NCCL",
    },
  },
  {
    name: "acc AcceleratorError",
    text:
      "torch.AcceleratorError: CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation' in https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html for more information.",
    says: {
      kind: "bare",
      tool: "CUDA",
    },
  },
  {
    name: "MPS invalid buffer",
    text: "RuntimeError: Invalid buffer size: 18.63 GiB",
    says: {
      tried: "18.63 GiB",
      tool: "PyTorch on Apple's GPU",
    },
  },
  {
    name: "accelerate dispatch",
    text:
      "ValueError: Some modules are dispatched on the CPU or the disk. Make sure you have enough GPU RAM to fit the quantized model. If you want to dispatch the model on the CPU or the disk while keeping these modules in 32-bit, you need to set `llm_int8_enable_fp32_cpu_offload=True`",
    says: {
      kind: "bare",
      tool: "transformers",
    },
  },
  {
    name: "nvidia-smi MIG (nvitop#8)",
    text:
      "+-----------------------------------------------------------------------------+\n| NVIDIA-SMI 525.60.13    Driver Version: 525.60.13    CUDA Version: 12.0     |\n|   0  NVIDIA A100-SXM...  On   | 00000000:07:00.0 Off |                   On |\n| N/A   35C    P0   120W / 400W |  24206MiB / 40960MiB |     N/A      Default |\n| MIG devices:                                                                |\n+------------------+----------------------+-----------+-----------------------+\n| GPU  GI  CI  MIG |         Memory-Usage |        Vol|         Shared        |\n|      ID  ID  Dev |           BAR1-Usage | SM     Unc| CE  ENC  DEC  OFA  JPG|\n|==================+======================+===========+=======================|\n|  0    3   0   0  |  14366MiB / 19968MiB | 28      0 |  2   0    1    0    0 |\n|                  |      4MiB / 32767MiB |           |                       |\n+------------------+----------------------+-----------+-----------------------+\n|  0    5   0   1  |   9826MiB / 19968MiB | 28      0 |  2   0    1    0    0 |\n|                  |      2MiB / 32767MiB |           |                       |\n+------------------+----------------------+-----------+-----------------------+",
    says: {
      kind: "table",
      tool: "nvidia-smi",
      device: 0,
      capacity: "19968 MiB",
      free: "5602 MiB",
      gpus: [],
    },
  },
  {
    name: "DeepSpeed see_memory_usage",
    text:
      "[2023-03-13 13:33:25,688] [INFO] [utils.py:829:see_memory_usage] After initializing ZeRO optimizer\n[2023-03-13 13:33:25,688] [INFO] [utils.py:830:see_memory_usage] MA 14.96 GB         Max_MA 29.92 GB         CA 30.31 GB         Max_CA 30 GB \n[2023-03-13 13:33:25,689] [INFO] [utils.py:838:see_memory_usage] CPU Virtual Memory:  used = 5.35 GB, percent = 34.7%\ntorch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 14.96 GiB. GPU 0 has a total capacity of 39.39 GiB of which 8.02 GiB is free. Process 7 has 31.36 GiB memory in use. Of the allocated memory 29.92 GiB is allocated by PyTorch, and 400.00 MiB is reserved by PyTorch but unallocated.",
    says: {
      tried: "14.96 GiB",
      capacity: "39.39 GiB",
    },
  },
  {
    name: "rocm-smi / amd",
    text:
      "RuntimeError: HIP error: out of memory\nHIP kernel errors might be asynchronously reported at some other API call",
    says: {
      kind: "bare",
    },
  },
];
