import type { Sides, Unpadded } from "./seen.ts";

/** Rows and columns of tiles. */
export type TileGrid = readonly [rows: number, columns: number];

/**
 * The grid of at most so many tiles whose shape is nearest to the image's; of two
 * as near, the larger where the image covers more than half of it.
 *
 * Source: huggingface/transformers 5.24.0
 * models/got_ocr2/image_processing_got_ocr2.py, get_optimal_tiled_canvas
 */
export function nearestShape(
  [height, width]: Sides,
  tile: number,
  most: number,
  least = 1,
): TileGrid {
  const aspect = width / height;
  let best: TileGrid = [1, 1];
  let distance = Infinity;
  for (const [rows, columns] of gridsByArea(most)) {
    if (rows * columns < least) continue;
    const own = Math.abs(aspect - columns / rows);
    const isTie = own === distance &&
      height * width > 0.5 * tile ** 2 * rows * columns;
    if (own < distance || isTie) [best, distance] = [[rows, columns], own];
  }
  return best;
}

/** Grids of at most so many tiles, small ones first, narrow ones before wide. */
function gridsByArea(most: number): TileGrid[] {
  const grids: TileGrid[] = [];
  for (let columns = 1; columns <= most; columns++) {
    for (let rows = 1; rows * columns <= most; rows++) {
      grids.push([rows, columns]);
    }
  }
  return grids.sort((a, b) => a[0] * a[1] - b[0] * b[1]);
}

/**
 * The smallest grid that the image fits without shrinking, or the one that it
 * shrinks least to; of several the smallest area.
 *
 * Source: huggingface/transformers 5.24.0
 * models/llama4/image_processing_llama4.py, get_best_fit
 */
export function bestFit(
  [height, width]: Sides,
  tile: number,
  most: number,
): TileGrid {
  const scales = gridsByArea(most).map((grid) => ({
    grid,
    scale: Math.min(grid[0] * tile / height, grid[1] * tile / width),
  }));
  const growing = scales.filter(({ scale }) => scale >= 1);
  const chosen = growing.length > 0
    ? Math.min(...growing.map(({ scale }) => scale))
    : Math.max(...scales.map(({ scale }) => scale));
  return scales.find(({ scale }) => scale === chosen)?.grid ?? [1, 1];
}

/**
 * Tiles of an image whose longest side is scaled, up or down, to a length, and
 * whose sides are then rounded up to whole tiles.
 *
 * Source: huggingface/transformers 5.24.0
 * models/idefics3/image_processing_idefics3.py, get_resize_output_image_size,
 * resize_for_vision_encoder, split_images
 */
export function tilesOfLongest(
  [height, width]: Sides,
  tile: number,
  longest: number,
): TileGrid {
  const aspect = width / height;
  const even = (length: number) => length + length % 2;
  let [h, w] = width >= height
    ? [even(Math.trunc(longest / aspect)), longest]
    : [longest, even(Math.trunc(longest * aspect))];
  [h, w] = [Math.max(1, h), Math.max(1, w)];
  const up = (length: number) => Math.ceil(length / tile) * tile;
  const scaled = w / h;
  if (w >= h) {
    w = up(w);
    h = up(Math.trunc(w / scaled));
  } else {
    h = up(h);
    w = up(Math.trunc(h * scaled));
  }
  return h > tile || w > tile ? [h / tile, w / tile] : [0, 0];
}

/**
 * The resolution of a list that keeps most of an image's pixels, then the one that
 * wastes least.
 *
 * Source: huggingface/transformers 5.24.0 image_processing_utils.py,
 * select_best_resolution
 */
export function bestResolution(
  [height, width]: Sides,
  list: readonly Sides[],
): Sides {
  let best = list[0] ?? [height, width];
  let [effective, wasted] = [0, Infinity];
  for (const [h, w] of list) {
    const scale = Math.min(w / width, h / height);
    const kept = Math.min(
      Math.trunc(width * scale) * Math.trunc(height * scale),
      width * height,
    );
    const rest = h * w - kept;
    if (kept > effective || (kept === effective && rest < wasted)) {
      [best, effective, wasted] = [[h, w], kept, rest];
    }
  }
  return best;
}

/**
 * Rows and columns of patches of all tiles that are image, scaled down where they
 * are more than so many tiles' worth.
 *
 * Source: huggingface/transformers 5.24.0
 * models/llava_next/modeling_llava_next.py, unpad_image;
 * models/llava_onevision/modeling_llava_onevision.py, pack_image_features
 *
 * @param most Tiles' worth of patches to keep; null: all.
 */
export function unpadded(
  [height, width]: Sides,
  [rows, columns]: TileGrid,
  patches: number,
  most: number | null,
): Unpadded {
  let [h, w] = [rows * patches, columns * patches];
  const seven = (value: number) => Math.trunc(Math.round(value * 1e7) / 1e7);
  if (width / height > w / h) {
    h -= 2 * Math.floor((h - seven(height * (w / width))) / 2);
  } else {
    w -= 2 * Math.floor((w - seven(width * (h / height))) / 2);
  }
  const ratio = most === null ? 0 : Math.sqrt(h * w / (most * patches ** 2));
  return {
    cut: [h, w],
    kept: ratio > 1.1 ? [Math.floor(h / ratio), Math.floor(w / ratio)] : [h, w],
  };
}
