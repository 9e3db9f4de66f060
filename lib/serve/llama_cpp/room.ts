import type { Deployment, LoadedModel } from "./deployment.ts";
import { deploy } from "./deployment.ts";
import type { Machine } from "./machine.ts";
import { cellBytes, stateBytes, windowCells } from "./memory.ts";
import type { LlamaSettings } from "./settings.ts";

/** Cells of a cache come in so many. */
const CELLS = 256;

/** The most cells that are looked for. */
const MOST_CELLS = 2 ** 31;

/** The most sequences that llama.cpp takes at once: LLAMA_MAX_SEQ. */
const MOST_SLOTS = 256;

/** Two sizes of a cache with what the compute buffers then take. */
interface Line {
  readonly cells: number;
  readonly compute: readonly number[];
  /** Bytes a cell more, of each backend. */
  readonly slopes: readonly number[];
}

/** How many tokens and sequences fit a machine beside a model. */
export class Room {
  readonly #loaded: LoadedModel;
  readonly #machine: Machine;
  readonly #base: Deployment;
  #line: Line | null = null;

  constructor(loaded: LoadedModel, machine: Machine, base: Deployment) {
    this.#loaded = loaded;
    this.#machine = machine;
    this.#base = base;
  }

  /** Tokens of one cache that all slots share. */
  tokens(): number {
    const { n_seq_max } = this.#base.settings;
    return CELLS * this.#most(
      MOST_CELLS / CELLS,
      (blocks) => this.#fits(blocks * CELLS, n_seq_max),
    );
  }

  /** Sequences of so many tokens each, a slot for each. */
  sequencesOf(tokens: number): number {
    return this.#most(
      MOST_SLOTS,
      (count) => this.#fits(Math.ceil(count * tokens / CELLS) * CELLS, count),
    );
  }

  /** The largest number up to a limit that fits; 0 where none does. */
  #most(limit: number, fits: (count: number) => boolean): number {
    let low = 0;
    let high = limit + 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (fits(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  #fits(cells: number, slots: number): boolean {
    const { gpus, outside } = this.#machine;
    const needed = this.#needed(cells, slots, this.#measured());
    return gpus.every(({ usable }, at) => needed[at]! + outside[at]! <= usable);
  }

  /** Bytes on each GPU with a cache of so many cells that slots share. */
  #needed(
    cells: number,
    slots: number,
    { cells: from, compute, slopes }: Line,
  ): number[] {
    const { memory, settings, weights, isLatent } = this.#base;
    const shared: LlamaSettings = {
      ...settings,
      kv_unified: true,
      n_seq_max: slots,
    };
    const window = memory.window === null
      ? 0
      : settings.swa_full
      ? cells
      : windowCells(memory.window, shared, cells);
    const bytes = weights.map((loaded, at) =>
      loaded + compute[at]! + Math.max(0, (cells - from) * slopes[at]!)
    );
    for (const layer of memory.layers) {
      const own = layer.cache?.isWindow ? window : layer.cache ? cells : 0;
      bytes[layer.memory]! += own * cellBytes(layer, settings, isLatent);
      if (layer.states) {
        bytes[layer.memory]! += slots * stateBytes(layer.states);
      }
    }
    return bytes;
  }

  /**
   * Compute buffers at two sizes of the cache: as it is, and about as large as
   * fits. Between them they grow as masks do, with the cells.
   */
  #measured(): Line {
    if (this.#line) return this.#line;
    const { settings, compute } = this.#base;
    const cells = settings.n_ctx;
    const flat = { cells, compute, slopes: compute.map(() => 0) };
    const { gpus, outside } = this.#machine;
    const fits = (blocks: number) => {
      const needed = this.#needed(blocks * CELLS, settings.n_seq_max, flat);
      return gpus.every(({ usable }, at) =>
        needed[at]! + outside[at]! <= usable
      );
    };
    const most = CELLS * this.#most(MOST_CELLS / CELLS, fits);
    const far = most > cells ? most : 2 * cells;
    const there = deploy(this.#loaded, {
      ...settings,
      n_ctx: far,
      n_ctx_seq: settings.kv_unified
        ? far
        : Math.ceil(far / settings.n_seq_max),
    }, this.#machine.free);
    return this.#line = {
      cells,
      compute,
      slopes: compute.map((bytes, at) =>
        Math.max(0, (there.compute[at]! - bytes) / (far - cells))
      ),
    };
  }
}
