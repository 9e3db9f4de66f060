import type { Config } from "../config.ts";
import { numberOf } from "../families/code/setting.ts";
import type { SightCode } from "../families/code/sight.ts";
import { visionConfig } from "../families/code/sight.ts";
import type { PixelLimits } from "./native.ts";
import { grownTo, seenByRows, seenScaled, seenWhole } from "./native.ts";
import { seenPadded } from "./padded.ts";
import type { Seen, Sides } from "./seen.ts";
import type { TileGrid } from "./tiles.ts";
import {
  bestFit,
  bestResolution,
  nearestShape,
  tilesOfLongest,
  unpadded,
} from "./tiles.ts";

/**
 * What a processor makes of an image, by the settings that its releases come with
 * (preprocessor_config.json) where config.json does not say them.
 *
 * Sources: huggingface/transformers 5.24.0 models, image_processing and processing
 * of each; Qwen/Qwen2.5-VL-7B-Instruct, Qwen/Qwen3-VL-8B-Instruct,
 * zai-org/GLM-4.1V-9B-Thinking, mistralai/Mistral-Small-3.1-24B-Instruct-2503,
 * OpenGVLab/InternVL3-8B-hf, HuggingFaceTB/SmolVLM2-2.2B-Instruct,
 * meta-llama/Llama-4-Scout-17B-16E-Instruct, llava-hf/llava-v1.6-mistral-7b-hf,
 * llava-hf/llava-onevision-qwen2-7b-ov-hf
 *
 * @param given The image's height and width.
 */
export function seenBy(
  code: SightCode,
  config: Config,
  given: Sides,
  { least = null, most = null }: GivenLimits = {},
): Seen {
  const ownLimits = WHOLE.has(code.kind);
  const image = ownLimits ? given : limited(given, { least, most });
  const limits = (usual: PixelLimits): PixelLimits => ({
    least: Math.min(least ?? usual.least, most ?? Infinity),
    most: Math.max(most ?? usual.most, least ?? 0),
  });
  const vision = visionConfig(config);
  const patch = sideOf(vision["patch_size"], 14);
  const tile = sideOf(vision["image_size"], TILES[code.kind] ?? 336);
  const side = Math.floor(tile / patch);
  const of = (key: string, usual: number) => positive(config, key, usual);
  const merge = () => positive(vision, "spatial_merge_size", 2);
  switch (code.kind) {
    case "qwen2_vl":
      return seenWhole(image, {
        patch,
        merge: merge(),
        limits: limits(QWEN2_VL),
      });
    case "qwen3_vl":
      return seenWhole(image, {
        patch: sideOf(vision["patch_size"], 16),
        merge: merge(),
        limits: limits(QWEN3_VL),
      });
    case "paddleocr_vl":
      return seenWhole(grownTo(image, patch * merge()), {
        patch,
        merge: merge(),
        limits: limits(PADDLEOCR_VL),
      });
    case "glm4v":
      return seenWhole(image, {
        patch,
        merge: merge(),
        limits: limits(GLM4V),
        frames: 2,
      });
    case "mistral3":
    case "lighton_ocr": {
      const seen = seenByRows(image, {
        patch,
        merge: of("spatial_merge_size", 2),
        longest: sideOf(vision["image_size"], 1540),
      });
      // LightOnOCR's rows have no token at their ends.
      return code.kind === "mistral3" ? seen : { ...seen, others: 0 };
    }
    case "gemma4":
      return seenScaled(image, {
        patch: sideOf(vision["patch_size"], 16),
        pools: positive(vision, "pooling_kernel_size", 3),
        tokens: of("vision_soft_tokens_per_image", 280),
      });
    case "internvl": {
      const [rows, columns] = nearestShape(image, tile, INTERNVL_TILES);
      const ratio = of("downsample_ratio", 0.5);
      return tiled(
        withWhole(rows * columns),
        side,
        Math.round((side * ratio) ** 2),
        2,
      );
    }
    case "aya_vision":
    case "cohere2_vision": {
      const isAya = code.kind === "aya_vision";
      const [rows, columns] = isAya
        ? nearestShape(image, tile, INTERNVL_TILES)
        : bestFit(image, tile, INTERNVL_TILES);
      const tiles = withWhole(rows * columns);
      const factor = of("downsample_factor", 2);
      // A begin and an end, and before or behind each tile its name or a break.
      return tiled(tiles, side, Math.floor(side / factor) ** 2, 2 + tiles);
    }
    case "llama4": {
      const [rows, columns] = bestFit(image, tile, LLAMA4_TILES);
      const count = rows * columns;
      const ratio = positive(vision, "pixel_shuffle_ratio", 0.5);
      return tiled(
        withWhole(count),
        side,
        Math.round((side * ratio) ** 2),
        3 + (count > 1 ? count : 0),
      );
    }
    case "idefics3": {
      const [rows, columns] = tilesOfLongest(image, tile, 4 * tile);
      const count = rows * columns;
      return tiled(
        count + 1,
        side,
        Math.floor((side / of("scale_factor", 2)) ** 2),
        count === 0 ? 3 : 4 + 2 * count + rows,
      );
    }
    case "lfm2_vl":
      return seenPadded(image, {
        patch: sideOf(vision["patch_size"], 16),
        merge: of("downsample_factor", 2),
      });
    case "llava_next":
    case "llava_onevision":
      return packed(code.kind, config, image, { tile, side });
    case "mllama":
      return {
        tiles: positive(vision, "max_num_tiles", 4),
        grid: [side, side],
        tokens: 0,
        others: 1,
      };
    case "square":
      return tiled(1, side, side ** 2 / code.merged(config, side ** 2), 0);
  }
}

/** Limits of an image's pixels that somebody gave; null: the processor's. */
export interface GivenLimits {
  readonly least?: number | null;
  readonly most?: number | null;
}

/** Kinds whose processors have limits of their own. */
const WHOLE: ReadonlySet<string> = new Set([
  "qwen2_vl",
  "qwen3_vl",
  "glm4v",
  "paddleocr_vl",
]);

/** An image that is scaled to limits before its processor sees it. */
function limited(
  [height, width]: Sides,
  { least = null, most = null }: GivenLimits,
): Sides {
  const area = height * width;
  const scale = most !== null && area > most
    ? Math.sqrt(most / area)
    : least !== null && area < least
    ? Math.sqrt(least / area)
    : 1;
  const side = (length: number) => Math.max(1, Math.trunc(length * scale));
  return scale === 1 ? [height, width] : [side(height), side(width)];
}

/** The grid of tiles that LLaVA's resolutions cut an image into. */
function resolutionGrid(
  config: Config,
  image: Sides,
  tile: number,
): TileGrid {
  const given = config["image_grid_pinpoints"];
  const list = Array.isArray(given) ? given.filter(isSides) : PINPOINTS;
  const [height, width] = bestResolution(image, list);
  return [Math.floor(height / tile), Math.floor(width / tile)];
}

/** Tiles' worth of patches that LLaVA-OneVision keeps: anyres_max_9. */
function mostTiles(config: Config): number | null {
  const given = config["vision_aspect_ratio"];
  const text = typeof given === "string" ? given : "anyres_max_9";
  const most = /^anyres_max_(\d+)$/.exec(text)?.[1];
  return most === undefined ? null : Number(most);
}

/** All tiles' patches without their padding, a token at each row's end. */
function packed(
  kind: "llava_next" | "llava_onevision",
  config: Config,
  image: Sides,
  { tile, side }: { readonly tile: number; readonly side: number },
): Seen {
  const grid = resolutionGrid(config, image, tile);
  const most = kind === "llava_onevision" ? mostTiles(config) : null;
  const shown = unpadded(image, grid, side, most);
  const { kept: [rows, columns] } = shown;
  return {
    tiles: grid[0] * grid[1] + 1,
    grid: [side, side],
    tokens: rows * columns + rows + side ** 2,
    others: 0,
    unpadded: shown,
  };
}

function tiled(
  tiles: number,
  side: number,
  each: number,
  others: number,
): Seen {
  return { tiles, grid: [side, side], tokens: tiles * each, others };
}

/** An image of several tiles is shown as a whole beside them. */
function withWhole(tiles: number): number {
  return tiles > 1 ? tiles + 1 : tiles;
}

/** A number of a config, or the usual one where it could not be. */
export function positive(config: Config, key: string, usual: number): number {
  const given = numberOf(config, [[key], usual]);
  return given > 0 ? given : usual;
}

/** A side of a square, which some configs give as a pair. */
export function sideOf(given: unknown, usual: number): number {
  const [first] = Array.isArray(given) ? given : [given];
  return typeof first === "number" && first > 0 ? first : usual;
}

function isSides(value: unknown): value is Sides {
  return Array.isArray(value) && value.length === 2 &&
    value.every((side) => typeof side === "number" && side > 0);
}

/** Sides of tiles where a config does not say them. */
const TILES: Readonly<Record<string, number>> = {
  internvl: 448,
  aya_vision: 384,
  cohere2_vision: 384,
  idefics3: 224,
  llama4: 448,
  llava_onevision: 384,
  mllama: 448,
};

const QWEN2_VL: PixelLimits = { least: 56 * 56, most: 12_845_056 };
const QWEN3_VL: PixelLimits = { least: 65_536, most: 16_777_216 };
const PADDLEOCR_VL: PixelLimits = { least: 384 ** 2, most: 1536 ** 2 };
const GLM4V: PixelLimits = { least: 112 * 112, most: 9_633_792 };

const INTERNVL_TILES = 12;
const LLAMA4_TILES = 16;

const PINPOINTS: readonly Sides[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
];
