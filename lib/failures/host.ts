import { lineAt } from "./bare.ts";
import type { Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";
import { ofAmounts } from "./patterns.ts";
import type { Printed } from "./printed.ts";
import { amountIn } from "./printed.ts";

/** A message that the machine's own memory ran short, and its figures. */
interface HostMessage {
  readonly tool: string;
  readonly says: RegExp;
  /** What was asked for. */
  readonly tried?: RegExp;
  /** What the machine has. */
  readonly capacity?: RegExp;
  /** What the process that ended held. */
  readonly process?: RegExp;
  /** What it may hold at most. */
  readonly allowed?: RegExp;
}

const amount = (before: string, after = ""): RegExp =>
  ofAmounts(`${before}%A${after}`);

/** "you tried to allocate 1234 bytes", "Unable to allocate 3.00 GiB for an array". */
const TRIED = amount(
  "(?:you tried to allocate|[Uu]nable to allocate|failed to allocate|unable to mmap) ",
);
/** The kernel's count of what is in memory, without what files can give back. */
const RESIDENT = amount("anon-rss:");

/**
 * The machine's memory, the most telling first.
 *
 * Source: pytorch c10/core/impl/alloc_cpu.cpp; linux mm/oom_kill.c
 * __oom_kill_process; ray-project/ray src/ray/raylet/node_manager.cc
 * CreateOomKillMessageDetails; slurm src/slurmd/slurmstepd
 */
const MESSAGES: readonly HostMessage[] = [
  {
    tool: "PyTorch",
    says: /DefaultCPUAllocator: (?:can't allocate memory|not enough memory)/,
    tried: TRIED,
  },
  {
    tool: "PyTorch",
    says:
      /(?:HostAllocator|pin_memory|cudaHostAlloc|cudaHostRegister).{0,80}(?:out of memory|failed)/,
  },
  { tool: "Python", says: /_ArrayMemoryError|\bMemoryError\b/, tried: TRIED },
  {
    tool: "Ray",
    says:
      /killed due to (?:the node running low on memory|memory pressure \(OOM\))|RayOutOfMemoryError/,
    capacity: amount(String.raw`was running was [\d.]{1,12}[KMGT]?i?B \/ `),
    process: amount("memory used="),
  },
  {
    tool: "Slurm",
    says: /Detected \d{1,6} oom[_ -]kill event|have been OOM Killed/,
  },
  {
    tool: "Kubernetes",
    says: /Reason: {1,12}OOMKilled|"reason": ?"OOMKilled"/,
    allowed: amount("[Ll]imits:[^]{0,200}?memory: {1,20}"),
  },
  {
    tool: "Linux",
    says:
      /(?:[Oo]ut of memory|cgroup out of memory): Kill(?:ed)? process|oom-kill:|OOMKilled/,
    process: RESIDENT,
  },
  {
    tool: "Linux",
    says:
      /exit ?code:? ?\(?-9\b|signal 9 \(SIGKILL\)|Signal 9 \(SIGKILL\)|exit(?:ed)?(?: with)? code:? 137\b|return code = -9/,
  },
  {
    tool: "PyTorch",
    says:
      /DataLoader worker \(pid [^)]{1,40}\) is killed by signal: (?:Killed|Bus error)|unable to (?:write to file|allocate shared memory)/,
  },
  {
    tool: "Windows",
    says: /paging file is too small|os error 1455|WinError 1455/,
  },
  {
    tool: "Linux",
    says:
      /std::bad_alloc|\[Errno 12\] Cannot allocate memory|unable to mmap \d{1,18} bytes.{0,300}Cannot allocate memory|^Killed\s*$/m,
    tried: TRIED,
  },
];

/** Characters after a message that belong to it. */
const AFTER = 900;

/** Reads that the machine's own memory ran short: the first message of a text. */
export function hostFailures({ who, text }: WrittenText): Failure[] {
  for (const message of MESSAGES) {
    const match = message.says.exec(text);
    if (!match) continue;
    const after = text.slice(match.index, match.index + AFTER);
    const read = (pattern: RegExp | undefined): Printed | null =>
      pattern
        ? amountIn(after, pattern) ?? amountIn(onOneLine(after), pattern)
        : null;
    return [failureOf({
      kind: "host",
      tool: message.tool,
      message: shownMessage(lineAt(text, match.index)),
      at: match.index,
      who,
      tried: read(message.tried),
      capacity: read(message.capacity),
      process: read(message.process),
      allowed: read(message.allowed),
    })];
  }
  return [];
}
