import { assertEquals } from "@std/assert";
import { codeOfType } from "../../lib/models/families/mod.ts";
import type { Sides } from "../../lib/models/images/seen.ts";
import { seenBy } from "../../lib/models/images/seen_by.ts";
import { seenVideo } from "../../lib/models/images/video.ts";
import { tryEstimate } from "../../lib/mod.ts";
import truth from "../truth/image_tokens.json" with { type: "json" };

type Row = readonly [
  type: string,
  size: Sides,
  tokens: number,
  others: number,
  tiles: number,
];

const CONFIGS: Readonly<Record<string, Record<string, unknown>>> =
  truth.configs;

Deno.test("images take the tokens and tiles that processors give them", () => {
  const rows = truth.images as unknown as Row[];
  assertEquals(rows.length, 260);
  for (const [type, size, tokens, others, tiles] of rows) {
    const code = codeOfType(type).sight;
    if (!code) throw new Error(`${type} sees nothing`);
    const seen = seenBy(code, CONFIGS[type] ?? {}, size);
    const found = {
      tokens: seen.tokens,
      others: seen.others,
      tiles: seen.tiles,
    };
    assertEquals(found, { tokens, others, tiles }, `${type} ${size}`);
  }
});

/** Qwen2.5-VL with images of a size, under limits of their pixels. */
function tokensUnder(size: Sides, least: number | null, most: number | null) {
  const code = codeOfType("qwen2_5_vl").sight;
  if (!code) throw new Error("qwen2_5_vl sees nothing");
  return seenBy(code, CONFIGS["qwen2_5_vl"] ?? {}, size, { least, most })
    .tokens;
}

Deno.test("a video of frames that are tiles takes as much as so many images of one tile", () => {
  const given = { least: null, most: null };
  for (const type of ["internvl", "smolvlm"]) {
    const code = codeOfType(type).sight;
    if (!code) throw new Error(`${type} sees nothing`);
    const config = CONFIGS[type] ?? {};
    const video = seenVideo(code, config, [720, 1280], 8, given);
    const image = seenBy(code, config, [32, 32]);
    assertEquals(video?.layers, 8);
    assertEquals(video?.tiles, 1);
    assertEquals(video?.tokens, image.tokens / image.tiles, type);
  }
});

Deno.test("limits of an image's pixels replace the processor's", () => {
  assertEquals(tokensUnder([1024, 1024], null, null), 1369);
  // floor(1024 / √(1024² / (1280 × 28²)) / 28)²
  assertEquals(tokensUnder([1024, 1024], null, 1280 * 28 * 28), 1225);
  assertEquals(tokensUnder([56, 56], 256 * 28 * 28, null), 256);
});

Deno.test("a sequence shorter than its images is told a length that holds them", () => {
  const scenario = {
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    train: { method: "lora", images_per_sample: 4, image_size: [1024, 1024] },
  };
  assertEquals(tryEstimate(scenario), {
    ok: false,
    problems: [{
      path: "train.sequence_length",
      message:
        "train.sequence_length must be at least 5484, the tokens of 4 images of 1024 x 1024 pixels: current value is 2048; 5888 leaves 404 for text",
    }],
  });
  const longer = tryEstimate({
    ...scenario,
    train: { ...scenario.train, sequence_length: 5888 },
  });
  assertEquals(longer.ok && longer.value.method, "timeline");
});

Deno.test("a sequence shorter than its video is told a length that holds it", () => {
  const scenario = {
    model: "Qwen/Qwen3-VL-8B-Instruct",
    train: {
      images_per_sample: 1,
      video_frames: 32,
      image_size: [720, 1280],
    },
  };
  // 16 layers of 20 x 36 tokens, what 25,165,824 pixels allow, and nine beside each.
  assertEquals(tryEstimate(scenario), {
    ok: false,
    problems: [{
      path: "train.sequence_length",
      message:
        "train.sequence_length must be at least 11664, the tokens of a video of 32 frames of 720 x 1280 pixels: current value is 2048; 12032 leaves 368 for text",
    }],
  });
});
