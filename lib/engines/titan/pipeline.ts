import { besideBuffer } from "../../plan/beside.ts";
import type { Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs } from "../../play/program/pass.ts";
import type { Beat } from "../beats.ts";
import type { Fsdp2Weave } from "../fsdp/fsdp2_weave.ts";
import type { MicroBatch } from "../fsdp/micro_batches.ts";
import type { Timeline } from "../fsdp/timeline.ts";
import type { Turn } from "../megatron/schedule.ts";
import type { Unit } from "../units.ts";
import type { Chunk } from "./record.ts";

/** A chunk's micro-batch, forward and backward. */
export interface PipedPass {
  readonly passed: PassActs;
  readonly forward: readonly Beat[];
  readonly backward: readonly Beat[];
  readonly gradients: MicroBatch["gradients"];
}

/** A chunk of a rank, and how its micro-batches run. */
export interface PipedChunk {
  readonly chunk: Chunk;
  /** Its units, in the order in which they are reduced at the end. */
  readonly units: readonly Unit[];
  passOf(micro: number): PipedPass;
}

/** What a pipeline's schedule refers to, in bytes. */
export interface PipedSizes {
  /** Micro-batches of a step, and how many of them are played. */
  readonly micros: number;
  readonly played: number;
  /** Hidden states of a micro-batch, or their gradient. */
  readonly handed: number;
  /** A micro-batch's logits. */
  readonly logits: number;
  /** Token ids and labels of all micro-batches. */
  readonly batch: number;
}

/**
 * A rank's passes in the order of its turns. Each stage has a buffer for what every
 * micro-batch receives, forward and backward, which stands from the first step on;
 * the last one keeps the logits of all until the next step begins.
 *
 * Sources: pytorch torch/distributed/pipelining/stage.py, _RecvInfo, output_chunks,
 * clear_runtime_states, _post_backward; schedules.py
 */
export class PipelinedRank {
  readonly #chunks: readonly PipedChunk[];
  readonly #line: Timeline;
  readonly #weave: Fsdp2Weave | null;
  readonly #sizes: PipedSizes;
  readonly #handed: Buffer;
  readonly #logits: Buffer;
  /** Gradients that were sent back last: a list of operations refers to them. */
  #sentBack = false;
  /** Whether the output that was given last is referred to though it is not needed. */
  #output = false;

  constructor(
    chunks: readonly PipedChunk[],
    line: Timeline,
    weave: Fsdp2Weave | null,
    sizes: PipedSizes,
  ) {
    this.#chunks = chunks;
    this.#line = line;
    this.#weave = weave;
    this.#sizes = sizes;
    this.#handed = besideBuffer(
      "communication buffers",
      "hidden states or gradients handed on",
      sizes.handed,
    );
    this.#logits = besideBuffer(
      "logits and loss",
      "logits that the schedule keeps",
      sizes.logits,
    );
  }

  /** What stands from the first step on: taken once. */
  standing(): Buffer[] {
    const { micros, batch } = this.#sizes;
    const received = this.#chunks.flatMap(({ chunk: { first, last } }) =>
      Array.from(
        { length: micros * ((first ? 0 : 1) + (last ? 0 : 1)) },
        () => this.#handed,
      )
    );
    return [besideBuffer("inputs", "token ids and labels", batch), ...received];
  }

  /** The logits that the step before has kept. */
  kept(): Buffer[] {
    const isLast = this.#chunks.some(({ chunk }) => chunk.last);
    return isLast
      ? Array.from({ length: this.#sizes.micros }, () => this.#logits)
      : [];
  }

  /** Plays a step's turns. */
  run(turns: readonly Turn[]): void {
    const line = this.#line;
    const { micros, played } = this.#sizes;
    const last = this.#chunks.some(({ chunk }) => chunk.last);
    if (last) {
      for (let at = played; at < micros; at++) line.take(this.#logits);
    }
    const latest = new Map<number, number>();
    for (const [at, turn] of turns.entries()) {
      const own = this.#chunks[turn.chunk];
      if (!own) continue;
      if (turn.kind === "forward") {
        latest.set(turn.chunk, turn.micro);
        this.#forward(own, turn.micro);
        continue;
      }
      const isDone = !turns.slice(at + 1).some(({ chunk, kind }) =>
        kind === "backward" && chunk === turn.chunk
      );
      this.#backward(own, turn.micro, latest.get(turn.chunk) === turn.micro);
      if (isDone) this.#weave?.reduceKept(own.units);
    }
    if (this.#sentBack) line.free(this.#handed);
    if (this.#output) line.free(this.#handed);
    [this.#sentBack, this.#output] = [false, false];
    if (last) this.#merge();
  }

  /** The schedule returns all logits in one tensor, which nobody takes. */
  #merge(): void {
    const { micros, logits } = this.#sizes;
    const merged = besideBuffer(
      "logits and loss",
      "logits of all micro-batches",
      micros * logits,
    );
    this.#line.take(merged);
    this.#line.free(merged);
  }

  #forward({ chunk, passOf }: PipedChunk, micro: number): void {
    const pass = passOf(micro);
    // The pass takes over the buffer that has been received into.
    if (!chunk.first) this.#line.free(this.#handed);
    this.#line.repeats = this.#repeatsOf(micro);
    this.#play(pass, pass.forward);
    this.#line.repeats = 1;
  }

  /** Micro-batches that one stands for: the first for all that are not played. */
  #repeatsOf(micro: number): number {
    const { micros, played } = this.#sizes;
    return micro === 0 ? micros - played + 1 : 1;
  }

  #backward(
    { chunk, passOf }: PipedChunk,
    micro: number,
    isLatest: boolean,
  ): void {
    const line = this.#line;
    line.repeats = this.#repeatsOf(micro);
    const pass = passOf(micro);
    const isRun = (beat: Beat): beat is { readonly run: Run } => "run" in beat;
    const runs = pass.backward.filter(isRun);
    const [end, deepest] = runs;
    const after = (run: Run | undefined) =>
      pass.backward.findIndex((beat) => "run" in beat && beat.run === run) + 1;
    if (chunk.last) {
      const instance = end?.run.instance;
      const head = runs.findLast(({ run }) => run.instance === instance);
      const at = after(head?.run);
      this.#play(pass, pass.backward.slice(0, at));
      line.take(this.#logits);
      this.#play(pass, pass.backward.slice(at));
    } else {
      line.free(this.#handed);
      const [given, used] = [after(end?.run), after(deepest?.run)];
      this.#play(pass, pass.backward.slice(0, given));
      line.take(this.#handed);
      this.#play(pass, pass.backward.slice(given, used));
      line.take(this.#handed);
      this.#play(pass, pass.backward.slice(used));
      if (isLatest && this.#chunks.length === 1) this.#output = true;
      else line.free(this.#handed);
    }
    line.repeats = 1;
    if (chunk.first) return;
    line.take(this.#handed);
    if (this.#chunks.length > 1) return;
    line.take(this.#handed);
    if (this.#sentBack) line.free(this.#handed);
    this.#sentBack = true;
  }

  #play({ gradients }: PipedPass, beats: readonly Beat[]): void {
    if (this.#weave) {
      this.#weave.play({
        beats,
        gradients,
        reduces: false,
        keeps: true,
        times: 1,
      });
      return;
    }
    for (const beat of beats) if ("run" in beat) this.#line.run(beat.run);
  }
}
