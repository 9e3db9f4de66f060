import type { SaidText } from "./said.ts";

/** Tables of what memory holds, alone and beside an error. */
export const TABLE_TEXTS: readonly SaidText[] = [
  {
    name: "nvidia-smi of a driver of 570",
    text: `Thu Feb 20 12:41:00 2025
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 570.86.15              Driver Version: 570.86.15      CUDA Version: 12.8     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|=========================================+========================+======================|
|   0  NVIDIA GeForce RTX 3090        Off |   00000000:41:00.0 Off |                  N/A |
| 30%   42C    P8             27W /  350W |       4MiB /  24576MiB |      0%      Default |
|                                         |                        |                  N/A |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA GeForce RTX 3090        Off |   00000000:61:00.0 Off |                  N/A |
| 71%   66C    P2            341W /  350W |   23871MiB /  24576MiB |     99%      Default |
|                                         |                        |                  N/A |
+-----------------------------------------+------------------------+----------------------+
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|    1   N/A  N/A            7719      C   /opt/venv/bin/python                  14080MiB |
|    1   N/A  N/A           20311      C   /usr/local/bin/ollama                  9780MiB |
+-----------------------------------------------------------------------------------------+`,
    says: {
      kind: "table",
      tool: "nvidia-smi",
      device: 1,
      capacity: "24576 MiB",
      free: "705 MiB",
      others: 2,
      otherBytes: "23860 MiB",
      tried: null,
      gpus: ["RTX 3090", "RTX 3090"],
    },
  },
  {
    name: "nvidia-smi of a driver of 450",
    text:
      `+-----------------------------------------------------------------------------+
| NVIDIA-SMI 450.119.03   Driver Version: 450.119.03   CUDA Version: 11.0     |
|-------------------------------+----------------------+----------------------+
|   0  A100-SXM4-40GB      On   | 00000000:00:04.0 Off |                    0 |
| N/A   35C    P0    51W / 400W |  39513MiB / 40537MiB |      0%      Default |
+-------------------------------+----------------------+----------------------+
|    0   N/A  N/A     31415      C   python                          39509MiB |
+-----------------------------------------------------------------------------+`,
    says: {
      capacity: "40537 MiB",
      free: "1024 MiB",
      others: 1,
      gpus: ["A100-40GB"],
    },
  },
  {
    name: "nvidia-smi's list between commas",
    text:
      "index, name, memory.used [MiB], memory.total [MiB]\n0, NVIDIA H100 80GB HBM3, 79560 MiB, 81559 MiB\n1, NVIDIA H100 80GB HBM3, 3 MiB, 81559 MiB",
    says: { device: 0, capacity: "81559 MiB", free: "1999 MiB" },
  },
  {
    // pytorch#35901
    name: "memory_summary of 1.5 to 1.13, in MB",
    text:
      `|===========================================================================|
|                  PyTorch CUDA memory summary, device ID 0                 |
|---------------------------------------------------------------------------|
|            CUDA OOMs: 1            |        cudaMalloc retries: 1         |
|===========================================================================|
|        Metric         | Cur Usage  | Peak Usage | Tot Alloc  | Tot Freed  |
|---------------------------------------------------------------------------|
| Allocated memory      |    1062 MB |    4877 MB |   89299 MB |   88237 MB |
|       from large pool |    1048 MB |    4865 MB |   89263 MB |   88215 MB |
|---------------------------------------------------------------------------|
| Active memory         |    1062 MB |    4877 MB |   89299 MB |   88237 MB |
|---------------------------------------------------------------------------|
| GPU reserved memory   |   12420 MB |   12420 MB |   16924 MB |    4504 MB |
|===========================================================================|`,
    says: {
      kind: "table",
      allocated: "1062 MiB",
      reserved: "12420 MiB",
      unallocated: "11358 MiB",
      tried: null,
    },
  },
  {
    name: "memory_summary of 2, in KiB",
    text:
      `|                  PyTorch CUDA memory summary, device ID 3                 |
|            CUDA OOMs: 0            |        cudaMalloc retries: 0         |
|        Metric         | Cur Usage  | Peak Usage | Tot Alloc  | Tot Freed  |
| Allocated memory      |  15703 MiB |  16384 MiB |   2048 GiB |   2032 GiB |
| Requested memory      |  15601 MiB |  16300 MiB |   2048 GiB |   2032 GiB |
| GPU reserved memory   |  17000 MiB |  17000 MiB |  17000 MiB |      0 B   |`,
    says: { device: 3, allocated: "15703 MiB", reserved: "17000 MiB" },
  },
  {
    name: "memory_snapshot as JSON",
    text: JSON.stringify([
      {
        device: 0,
        address: 1,
        total_size: 4 * 2 ** 30,
        allocated_size: 3 * 2 ** 30,
        active_size: 3 * 2 ** 30,
        segment_type: "large",
        blocks: [
          { size: 2 ** 30, state: "active_allocated" },
          { size: 2 ** 31, state: "active_allocated" },
          { size: 2 ** 30, state: "inactive" },
        ],
      },
      {
        device: 1,
        total_size: 2 ** 21,
        allocated_size: 512,
        blocks: [{ size: 512, state: "active_allocated" }],
      },
    ]),
    says: {
      kind: "table",
      device: 0,
      allocated: "3.00 GiB",
      reserved: "4.00 GiB",
    },
  },
  {
    name: "_snapshot() as JSON, with a request that failed",
    text: JSON.stringify({
      segments: [{
        device: 0,
        total_size: 2 ** 31,
        allocated_size: 2 ** 30,
        blocks: [{ size: 2 ** 30, state: "active_allocated" }],
      }],
      device_traces: [[
        { action: "alloc", size: 512, addr: 1 },
        { action: "oom", size: 3 * 2 ** 30, device_free: 2 ** 29 },
      ]],
    }),
    says: {
      kind: "allocation",
      tried: "3.00 GiB",
      free: "512.00 MiB",
      allocated: "1.00 GiB",
    },
  },
  {
    // DeepSpeed#4305
    name: "DeepSpeed's memory alone",
    text:
      `[2023-09-12 00:26:09,304] [INFO] [utils.py:803:see_memory_usage] Stage 3 initialize end
[2023-09-12 00:26:09,305] [INFO] [utils.py:804:see_memory_usage] MA 15.05 GB         Max_MA 15.07 GB         CA 18.20 GB         Max_CA 18 GB`,
    says: {
      kind: "table",
      tool: "DeepSpeed",
      allocated: "15.05 GiB",
      reserved: "18.20 GiB",
    },
  },
  {
    name: "an error with nvidia-smi under it",
    text:
      `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 592.00 MiB. GPU 0 has a total capacity of 39.38 GiB of which 401.38 MiB is free. Process 31415 has 38.98 GiB memory in use. Of the allocated memory 37.90 GiB is allocated by PyTorch, and 580.00 MiB is reserved by PyTorch but unallocated.
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 525.105.17   Driver Version: 525.105.17   CUDA Version: 12.0     |
|   0  NVIDIA A100-SXM...  On   | 00000000:00:04.0 Off |                    0 |
| N/A   35C    P0    51W / 400W |  39513MiB / 40960MiB |      0%      Default |`,
    says: {
      kind: "allocation",
      tried: "592.00 MiB",
      capacity: "39.38 GiB",
      process: "38.98 GiB",
    },
  },
];
