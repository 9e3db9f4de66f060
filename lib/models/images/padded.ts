import { seenWhole } from "./native.ts";
import type { Seen, Sides } from "./seen.ts";
import { roundedEven } from "./seen.ts";
import { nearestShape } from "./tiles.ts";

/** Tokens that a whole image has at least and at most. */
const TOKENS = { least: 64, most: 256 };

/** How many times as large an image is cut into tiles. */
const TOLERANCE = 2;

/** Pixels of a tile's side, and tiles that a large image is cut into. */
const TILE = 512;
const TILES = { least: 2, most: 10 };

/**
 * LFM2-VL's images: whole ones of 64 to 256 tokens, padded to as many patches;
 * large ones in tiles, with the whole beside them.
 *
 * Source: huggingface/transformers 5.24.0
 * models/lfm2_vl/image_processing_lfm2_vl.py and processing_lfm2_vl.py
 */
export function seenPadded(
  image: Sides,
  { patch, merge }: { readonly patch: number; readonly merge: number },
): Seen {
  const side = patch * merge;
  const [height, width] = image;
  const rounded = (length: number) =>
    Math.max(patch, roundedEven(length / side) * side);
  const most = TOKENS.most * side ** 2;
  const isLarge = rounded(height) * rounded(width) > most * TOLERANCE;
  const whole = seenWhole(
    [Math.max(height, side / 2), Math.max(width, side / 2)],
    { patch, merge, limits: { least: TOKENS.least * side ** 2, most } },
  );
  const [rows, columns] = isLarge
    ? nearestShape(image, TILE, TILES.most, TILES.least)
    : [0, 0];
  const tiles = rows * columns;
  const row = Math.floor(TILE / patch);
  const each = Math.ceil(row / merge) ** 2;
  // A begin and an end, and a name before each tile and before the whole.
  const names = tiles > 0 ? tiles + 1 : 0;
  return {
    tiles: tiles + 1,
    grid: [Math.max(TOKENS.most * merge ** 2, row ** 2), 1],
    tokens: tiles * each + whole.tokens,
    others: 2 + names,
  };
}
