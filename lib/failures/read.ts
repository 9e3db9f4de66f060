import type { Result } from "../scenario/parse_scenario.ts";
import { ANYBODY, bareFailures } from "./bare.ts";
import type { RunFacts } from "./facts.ts";
import { factsIn } from "./facts.ts";
import type { Failure } from "./failure.ts";
import { hostFailures } from "./host.ts";
import type { WrittenText } from "./lines.ts";
import { MAX_SNAPSHOT_LENGTH, readPart, writtenTexts } from "./lines.ts";
import { llamaFailures } from "./llama_cpp.ts";
import { deepspeedUsage, memorySummary } from "./memory_tables.ts";
import type { FailedMoment } from "./moments.ts";
import { momentIn } from "./moments.ts";
import { listedGpus, tableOfGpus } from "./nvidia_smi.ts";
import { otherFailures } from "./other_allocators.ts";
import { sglangFailures } from "./sglang.ts";
import { looksLikeSnapshot, readSnapshot } from "./snapshot.ts";
import { torchFailures } from "./torch.ts";
import { vllmFailures } from "./vllm.ts";

/** What a text says of memory that ran short. */
export interface FailureReading {
  /** The failure that is explained. */
  readonly failure: Failure;
  /** Others of the same text: of other ranks, and those that followed it. */
  readonly more: readonly Failure[];
  /** What ran; null where no stack says it. */
  readonly moment: FailedMoment | null;
  readonly facts: RunFacts;
}

/** What vLLM's other processes say when one of them has failed. */
const ABOVE =
  /Engine core initialization failed|EngineCore failed to start|EngineCore encountered an issue|See (?:root cause|stack trace) above/i;

/** Failures of one text that are kept. */
const MOST_FAILURES = 64;

/**
 * Reads an error of memory, a log that has one, or a table of what is held.
 *
 * @returns What it says, or why it is none.
 */
export function readFailure(whole: string): Result<FailureReading> {
  const text = looksLikeSnapshot(whole) ? whole : readPart(whole);
  if (text.trim() === "") {
    return refused(
      "text must not be empty: paste the error, its log, nvidia-smi's table, a memory_summary or a memory snapshot as JSON",
    );
  }
  const isSnapshot = looksLikeSnapshot(text);
  if (isSnapshot && text.length > MAX_SNAPSHOT_LENGTH) {
    return refused(
      `text must have at most ${MAX_SNAPSHOT_LENGTH} characters to be read as a memory snapshot: current value has ${text.length}`,
    );
  }
  if (isSnapshot) {
    const snapshot = readSnapshot(text);
    return snapshot.ok
      ? {
        ok: true,
        value: {
          failure: snapshot.value,
          more: [],
          moment: null,
          facts: factsIn([]),
        },
      }
      : snapshot;
  }
  if (isPickle(text)) {
    return refused(
      "text must be text: a pickle of _dump_snapshot is not read, for reading one runs its code; give torch.cuda.memory_snapshot() as JSON",
    );
  }
  const streams = writtenTexts(text);
  const all = streams.flatMap(failuresOf).slice(0, MOST_FAILURES);
  const failure = chief(all) ?? tableIn(text);
  if (!failure && ABOVE.test(text)) {
    return refused(
      "text must have the cause, which its program wrote further above: this part says only that a process of it ended",
    );
  }
  if (!failure) {
    return refused(
      "text must be an error of memory, such as torch.OutOfMemoryError, a refusal of vLLM or SGLang, a failed allocation of llama.cpp, nvidia-smi's table, a memory_summary or a memory snapshot as JSON: it has none",
    );
  }
  const stream = streams.find(({ who }) => who === failure.who);
  return {
    ok: true,
    value: {
      failure: withTables(failure, text),
      more: all.filter((each) => each !== failure),
      moment: stream && failure.kind !== "table"
        ? momentIn(stream.text, failure.at)
        : null,
      facts: factsIn(streams),
    },
  };
}

/** Whether a text begins as pickles of protocols 2 to 5 do, decoded or not. */
function isPickle(text: string): boolean {
  const [first, protocol] = [text.charCodeAt(0), text.charCodeAt(1)];
  return (first === 0x80 || first === 0xfffd) && protocol >= 2 && protocol <= 5;
}

function failuresOf(stream: WrittenText): Failure[] {
  const own = [
    ...torchFailures(stream),
    ...vllmFailures(stream),
    ...sglangFailures(stream),
    ...llamaFailures(stream),
    ...otherFailures(stream),
  ];
  if (own.length > 0) return own;
  const host = hostFailures(stream);
  const bare = bareFailures(stream);
  // Who ends a process for the machine's memory calls it out of memory as well.
  return host.length === 0
    ? bare
    : [...host, ...bare.filter(({ tool }) => tool !== ANYBODY)];
}

/**
 * The failure that is explained: the first that says what was asked for, for what
 * follows it is often caused by it.
 */
function chief(all: readonly Failure[]): Failure | null {
  const told = all.find(({ tried, kind }) => tried !== null && kind !== "host");
  return told ?? all.find(({ tokens }) => tokens !== null) ??
    all.find(({ kind }) => kind !== "bare") ?? all[0] ?? null;
}

function tableIn(text: string): Failure | null {
  return memorySummary(text) ?? tableOfGpus(listedGpus(text)) ??
    deepspeedUsage(text);
}

/** What tables beside a message say that it does not. */
function withTables(failure: Failure, text: string): Failure {
  if (failure.kind === "host" || failure.kind === "shared") return failure;
  const listed = listedGpus(text);
  const gpu = listed.find(({ device }) => device === failure.device) ??
    (listed.length === 1 ? listed[0] : undefined);
  const summary = failure.reserved ? null : memorySummary(text) ??
    (failure.allocated ? null : deepspeedUsage(text));
  return {
    ...failure,
    allocated: failure.allocated ?? summary?.allocated ?? null,
    reserved: failure.reserved ?? summary?.reserved ?? null,
    capacity: failure.capacity ??
      (gpu ? { bytes: gpu.total, rounding: 2 ** 19 } : null),
  };
}

function refused(message: string): Result<never> {
  return { ok: false, problems: [{ path: "text", message }] };
}
