import { field } from "../about.ts";
import { count, sides } from "../fields.ts";

const pictured = [{ path: "train.images_per_sample", not: [0] }] as const;

/** The most that an image may be limited to: more than any processor takes. */
const MAX_PIXELS = 65_536 ** 2;

/** The most frames that a video may have: more than any processor takes. */
const MAX_FRAMES = 65_536;

const limit = () => count(1, MAX_PIXELS).nullable().default(null);

/** What a sample has to be looked at, and how large its processor leaves it. */
export const imageFields = {
  images_per_sample: field(count(0, 65_536).default(0), {
    label: "Images per sample",
    group: "images",
    flag: { name: "--images", value: "<n>", help: "images per sample (0)" },
  }),
  image_size: field(sides().default([448, 448]), {
    label: "Image size",
    group: "images",
    help: "height and width in pixels",
    hint: "Height, width in pixels",
    flag: {
      name: "--image-size",
      value: "<h>x<w>",
      help: "height and width in pixels (448x448)",
    },
    needs: pictured,
  }),
  video_frames: field(count(0, MAX_FRAMES).default(0), {
    label: "Frames of a video",
    group: "images",
    help:
      "frames that the processor takes of each video, which stands in the place of an image; 0: images",
    hint: "0: images",
    flag: {
      name: "--video-frames",
      value: "<n>",
      help: "frames of each video in the place of an image (0)",
    },
    needs: pictured,
  }),
  image_min_pixels: field(limit(), {
    label: "Least pixels of an image",
    group: "pixels",
    help:
      "smaller images are enlarged to so many pixels: Qwen's and GLM's `min_pixels`, LLaMA-Factory's `image_min_pixels`",
    blank: "as the processor",
    needs: pictured,
  }),
  image_max_pixels: field(limit(), {
    label: "Most pixels of an image",
    group: "pixels",
    help:
      "larger images are reduced to so many pixels: Qwen's and GLM's `max_pixels`, LLaMA-Factory's `image_max_pixels`",
    blank: "as the processor",
    needs: pictured,
  }),
} as const;
