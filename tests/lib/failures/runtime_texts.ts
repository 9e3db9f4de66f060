import type { SaidText } from "./said.ts";

/** What programs beside PyTorch's say, as public reports have it. */
export const RUNTIME_TEXTS: readonly SaidText[] = [
  {
    name: "trtllm cudaMallocAsync (TRTLLM#401)",
    text:
      "[TensorRT-LLM][ERROR] [TensorRT-LLM][ERROR] CUDA runtime error in ::cudaMallocAsync(ptr, n, mCudaStream->get()): out of memory (/code/tensorrt_llm/cpp/tensorrt_llm/runtime/tllmBuffers.h:112)\n1       0x55c059d1e7c3 void tensorrt_llm::common::check<cudaError>(cudaError, char const*, char const*, int) + 147",
    says: {
      kind: "bare",
      tool: "TensorRT-LLM",
    },
  },
  {
    name: "trtllm allocating kv then OOM",
    text:
      "[TensorRT-LLM][INFO] Max tokens in paged KV cache: 117760. Allocating 54022635520 bytes.\n[TensorRT-LLM][ERROR] CUDA runtime error in cudaMalloc(&ptr, size): out of memory",
    says: {
      kind: "bare",
      tool: "TensorRT-LLM",
    },
  },
  {
    name: "TensorRT requested size",
    text:
      "[TRT] [E] 2: [virtualMemoryBuffer.cpp::resizePhysical::144] Error Code 2: OutOfMemory (Requested size was 4294967296 bytes.)",
    says: {
      tool: "TensorRT",
      tried: "4294967296 bytes",
    },
  },
  {
    name: "TRT tactic",
    text:
      "[TensorRT-LLM][WARNING] Requested amount of GPU memory (51539607552 bytes) could not be allocated. There may not be enough free memory for allocation to succeed.",
    says: {
      tool: "TensorRT",
      tried: "51539607552 bytes",
    },
  },
  {
    name: "lmdeploy (lmdeploy#2236)",
    text:
      "RuntimeError: [TM][ERROR] CUDA runtime error: out of memory /lmdeploy/src/turbomind/utils/memory_utils.cu:32",
    says: {
      kind: "bare",
      tool: "LMDeploy",
    },
  },
  {
    name: "LM Studio 273GB (lms#1202)",
    text:
      "Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately 273.25 GB of memory, and continuing to load it would likely overload your system and cause it to freeze. If you think this is incorrect, you can adjust the model loading guardrails in settings.",
    says: {
      tool: "LM Studio",
      tried: "273.25 GB",
    },
  },
  {
    name: "LM Studio no figure",
    text:
      "[2025-08-23 11:25:47.731] [error] [LMSInternal][Client=LM Studio][Endpoint=loadModel] Error in channel handler: Error: Model loading aborted due to insufficient system resources. Overloading the system will likely cause it to freeze. If you believe this is a mistake, you can try to change the model loading guardrails in the settings.",
    says: {
      tool: "LM Studio",
      tried: null,
    },
  },
  {
    name: "jax (alphafold)",
    text:
      "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 7406166528 bytes.",
    says: {
      tool: "XLA",
      tried: "7406166528 bytes",
    },
  },
  {
    name: "jax allocation buffer assignment",
    text:
      "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4770354232 bytes.\nBufferAssignment OOM Debugging.\nBufferAssignment stats:\n             parameter allocation:  372.76MiB\n              constant allocation:    48.5KiB\n        maybe_live_out allocation:    9.64GiB\n     preallocated temp allocation:    4.44GiB\n                 total allocation:   14.44GiB",
    says: {
      tool: "XLA",
      tried: "4770354232 bytes",
    },
  },
  {
    name: "jax new words",
    text:
      "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 34359738368 bytes.",
    says: {
      tool: "XLA",
      tried: "34359738368 bytes",
    },
  },
  {
    name: "TPU",
    text:
      "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 17.85G of 15.48G hbm. Exceeded hbm capacity by 2.37G.",
    says: {
      tool: "XLA",
      tried: "17.85 GiB",
      capacity: "15.48 GiB",
    },
  },
  {
    name: "TF bfc",
    text:
      "W tensorflow/core/common_runtime/bfc_allocator.cc:479] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.59GiB (rounded to 2781020160)requested by op Mul\nResourceExhaustedError: OOM when allocating tensor with shape[3,3,512,1024] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:Mul]",
    says: {
      tool: "TensorFlow",
      tried: "2.59 GiB",
    },
  },
  {
    name: "TF shape only",
    text:
      "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with shape[4096,128256] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:MatMul]",
    says: {
      tool: "TensorFlow",
      tried: "2101346304 bytes",
    },
  },
  {
    name: "MLX 2",
    text:
      "RuntimeError: [METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
    says: {
      kind: "bare",
      tool: "MLX",
    },
  },
  {
    name: "paddle",
    text:
      "ResourceExhaustedError: \n\nOut of memory error on GPU 0. Cannot allocate 2.000000GB memory on GPU 0, 22.910156GB memory has been allocated and available memory is only 790.812500MB.",
    says: {
      tool: "PaddlePaddle",
      tried: "2.000000 GB",
      free: "790.812500 MB",
    },
  },
  {
    name: "ORT",
    text:
      "onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException: [ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running MatMul node. BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 8589934592",
    says: {
      tried: "8589934592 bytes",
      tool: "ONNX Runtime",
    },
  },
];
