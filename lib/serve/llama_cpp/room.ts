import type { Deployment, LoadedModel } from "./deployment.ts";
import { deploy } from "./deployment.ts";
import type { ServingMachine } from "./machine.ts";
import { cellBytes, stateBytes, windowCells } from "./memory.ts";
import { sure } from "./ggml/sure.ts";

/** Cells of a cache come in so many. */
const CELLS = 256;

/** The most cells that are looked for. */
const MOST_CELLS = 2 ** 31;

/** The most sequences that llama.cpp takes at once: LLAMA_MAX_SEQ. */
const MOST_SLOTS = 256;

/** What a backend holds: what stands, and what grows. */
interface Growing {
  /** Weights, and what is not llama.cpp's. */
  readonly fixed: number;
  /** Compute buffers with the cache as it is, and bytes a cell more. */
  readonly compute: number;
  slope: number;
  /** Bytes of a cell of the whole context, of one of windows, of a slot's states. */
  readonly cell: number;
  readonly windowCell: number;
  readonly slot: number;
  readonly usable: number;
}

/** How many tokens and sequences fit a machine beside a model. */
export class CacheRoom {
  readonly #loaded: LoadedModel;
  readonly #machine: ServingMachine;
  readonly #base: Deployment;
  readonly #gpus: readonly Growing[];
  #isMeasured = false;

  constructor(loaded: LoadedModel, machine: ServingMachine, base: Deployment) {
    this.#loaded = loaded;
    this.#machine = machine;
    this.#base = base;
    this.#gpus = machine.gpus.map(({ usable }, at) =>
      growing(base, at, { usable, outside: sure(machine.outside[at]) })
    );
  }

  /** Tokens of one cache that all slots share. */
  tokens(): number {
    this.#measure();
    return this.#most();
  }

  /** Sequences of so many tokens each, a slot for each. */
  sequencesOf(tokens: number): number {
    this.#measure();
    return largest(
      MOST_SLOTS,
      (count) => this.#fits(Math.ceil(count * tokens / CELLS) * CELLS, count),
    );
  }

  #most(): number {
    const { n_seq_max } = this.#base.settings;
    return CELLS * largest(
      MOST_CELLS / CELLS,
      (blocks) => this.#fits(blocks * CELLS, n_seq_max),
    );
  }

  /** Whether a cache of so many cells fits that so many slots share. */
  #fits(cells: number, slots: number): boolean {
    const { memory, settings } = this.#base;
    const window = memory.window === null
      ? 0
      : settings.swa_full
      ? cells
      : windowCells(
        memory.window,
        { ...settings, kv_unified: true, n_seq_max: slots },
        cells,
      );
    return this.#gpus.every((gpu) =>
      gpu.fixed + gpu.compute +
          Math.max(0, (cells - settings.n_ctx) * gpu.slope) +
          cells * gpu.cell + window * gpu.windowCell + slots * gpu.slot <=
        gpu.usable
    );
  }

  /**
   * Plans the compute buffers at a second size of the cache, about as large as
   * fits: between the two they grow as masks do, with the cells.
   */
  #measure(): void {
    if (this.#isMeasured) return;
    this.#isMeasured = true;
    const { settings, compute } = this.#base;
    const cells = settings.n_ctx;
    const most = this.#most();
    const far = most > cells ? most : 2 * cells;
    const there = deploy(this.#loaded, {
      ...settings,
      n_ctx: far,
      n_ctx_seq: settings.kv_unified
        ? far
        : Math.ceil(far / settings.n_seq_max / CELLS) * CELLS,
    }, this.#machine.free);
    for (const [at, gpu] of this.#gpus.entries()) {
      gpu.slope = Math.max(
        0,
        (sure(there.compute[at]) - sure(compute[at])) / (far - cells),
      );
    }
  }
}

function growing(
  { weights, compute, memory, settings, isLatent }: Deployment,
  at: number,
  { usable, outside }: { readonly usable: number; readonly outside: number },
): Growing {
  let cell = 0;
  let windowCell = 0;
  let slot = 0;
  for (const layer of memory.layers) {
    if (layer.memory !== at) continue;
    const bytes = cellBytes(layer, settings, isLatent);
    if (layer.cache?.isWindow) windowCell += bytes;
    else if (layer.cache) cell += bytes;
    if (layer.states) slot += stateBytes(layer.states);
  }
  return {
    fixed: sure(weights[at]) + outside,
    compute: sure(compute[at]),
    slope: 0,
    cell,
    windowCell,
    slot,
    usable,
  };
}

/** The largest number up to a limit that fits; 0 where none does. */
function largest(limit: number, fits: (count: number) => boolean): number {
  let low = 0;
  let high = limit + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
