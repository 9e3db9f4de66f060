import type { SaidText } from "./said.ts";

/** What ends a run when the machine's own memory is short. */
export const HOST_TEXTS: readonly SaidText[] = [
  {
    name: "ollama system memory 0.12",
    text:
      "Error: 500 Internal Server Error: model requires more system memory (21.0 GiB) than is available (14.9 GiB)",
    says: {
      tool: "ollama",
      kind: "host",
      tried: "21.0 GiB",
      free: "14.9 GiB",
    },
  },
  {
    name: "linux dmesg",
    text:
      "[2059991.491436] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=python3,pid=25315,uid=0\n[2059991.491542] Out of memory: Killed process 25315 (python3) total-vm:53312244kB, anon-rss:31451456kB, file-rss:74816kB, shmem-rss:12296kB, UID:0 pgtables:69068kB oom_score_adj:0",
    says: {
      kind: "host",
      tool: "Linux",
      process: "31451456 KiB",
    },
  },
  {
    name: "cgroup kill",
    text:
      "Memory cgroup out of memory: Killed process 140339 (python3) total-vm:120832000kB, anon-rss:67108864kB, file-rss:8924kB, shmem-rss:0kB, UID:0 pgtables:276kB oom_score_adj:-997",
    says: {
      kind: "host",
      tool: "Linux",
      process: "67108864 KiB",
    },
  },
  {
    name: "k8s describe",
    text:
      "    State:          Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n    Limits:\n      memory:          64Gi\n      nvidia.com/gpu:  1",
    says: {
      kind: "host",
      tool: "Kubernetes",
      allowed: "64 GiB",
    },
  },
  {
    name: "ray killed (flingbot#11)",
    text:
      "ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.\nMemory on the node (IP: 192.168.0.107, ID: fc2befb2867ce88e73a8a45572c43a640751ae1f2b5e15bd8315f293) where the task (actor ID: f9cc340f5aef7b479d86345001000000, name=SimEnv.__init__, pid=4331, memory used=2.22GB) was running was 59.49GB / 62.58GB (0.950744), which exceeds the memory usage threshold of 0.95. Ray killed this worker",
    says: {
      kind: "host",
      tool: "Ray",
      process: "2.22 GiB",
      capacity: "62.58 GiB",
    },
  },
  {
    name: "raylet pressure",
    text:
      "(raylet) [2025-12-07 09:57:19,206 E 393463 393463] (raylet) node_manager.cc:3277: 2 Workers (tasks / actors) killed due to memory pressure (OOM), 0 Workers crashed due to other reasons at node (ID: 8289f87b78d161ae21bf723c7c57838345a56248dd48a2c3f0d5ac73, IP: 172.24.0.226) over the last time period.",
    says: {
      kind: "host",
      tool: "Ray",
    },
  },
  {
    name: "deepspeed return code",
    text:
      "[2024-01-02 10:00:01,500] [ERROR] [launch.py:322:sigkill_handler] ['/usr/bin/python3', '-u', 'train.py', '--local_rank=3'] exits with return code = -9",
    says: {
      kind: "host",
      tool: "Linux",
    },
  },
  {
    name: "shm",
    text:
      "RuntimeError: DataLoader worker (pid 4131) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory. Please try to raise your shared memory limit.",
    says: {
      kind: "host",
    },
  },
  {
    name: "numpy",
    text:
      "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 29.8 GiB for an array with shape (4000000000,) and data type float64",
    says: {
      kind: "host",
      tried: "29.8 GiB",
    },
  },
  {
    name: "DefaultCPUAllocator Windows",
    text:
      "RuntimeError: [enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: you tried to allocate 90177536 bytes.",
    says: {
      kind: "host",
      tried: "90177536 bytes",
    },
  },
  {
    name: "safetensors mmap",
    text:
      "OSError: unable to mmap 4991370968 bytes from file </model-00001.safetensors>: Cannot allocate memory (12)",
    says: {
      kind: "host",
      tried: "4991370968 bytes",
    },
  },
  {
    name: "paging file windows",
    text:
      "OSError: The paging file is too small for this operation to complete. (os error 1455)",
    says: {
      kind: "host",
    },
  },
  {
    name: "docker 137",
    text: "Error: container exited with code 137",
    says: {
      kind: "host",
    },
  },
  {
    name: "slurm",
    text:
      "slurmstepd: error: Detected 1 oom_kill event in StepId=9145.batch. Some of the step tasks have been OOM Killed.",
    says: {
      kind: "host",
      tool: "Slurm",
    },
  },
];
