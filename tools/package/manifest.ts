import { RELEASE } from "../../templates/release.ts";

/** The package's package.json: it needs Node and nothing else. */
export const MANIFEST = {
  name: "headroom",
  version: RELEASE,
  description:
    "Will it fit? Predicts the GPU memory of training, fine-tuning and serving language models.",
  license: "MIT",
  type: "module",
  engines: { node: ">=20" },
  bin: { headroom: "bin/headroom.js" },
  exports: {
    ".": { types: "./types/lib/mod.d.ts", default: "./dist/lib/mod.js" },
    "./package.json": "./package.json",
  },
  types: "./types/lib/mod.d.ts",
  files: ["bin", "dist", "types", "probe", "SKILL.md"],
  sideEffects: false,
};
