import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { phi3 } from "./phi.ts";
import { clipVision } from "./towers/clip.ts";

/** Its code builds CLIP's large one whatever the config says. */
const CLIP_LARGE = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  image_size: 336,
  patch_size: 14,
};

/**
 * Phi-3-vision and Phi-3.5-vision: CLIP, two linears over four patches each with
 * learned rows between lines and views, and Phi-3.
 *
 * Source: the code beside the weights of microsoft/Phi-3.5-vision-instruct
 * (modeling_phi3_v.py), as Blaizzy/mlx-vlm models/phi3_v has it
 */
export const phi3V: Family = (config, scope) => {
  const model = scope.scope(phi3.prefix);
  phi3.body(config, model);
  const seen = model.scope("vision_embed_tokens", "vision_tower");
  const vision = new ConfigWithDefaults(
    config.inner("vision_config"),
    CLIP_LARGE,
    "model.config.vision_config",
  );
  clipVision(vision, seen.scope("img_processor.vision_model"));
  const merged = 4 * vision.size("hidden_size");
  const at = seen.as("projector");
  at.parameter("glb_GN", [1, 1, merged], { role: "projector" });
  at.parameter("sub_GN", [1, 1, 1, merged], { role: "projector" });
  const hidden = config.size("hidden_size");
  const options = { role: "projector", bias: true } as const;
  at.linear("img_projection.0", merged, hidden, options);
  at.linear("img_projection.2", hidden, hidden, options);
  headOf(phi3, config, scope, config.flag("tie_word_embeddings", false));
};

/** The types of this file. */
export const PHI3_V_TYPES: FamilyTypes = {
  phi3_v: ofClasses(phi3V, { unplayed: UNPLAYED }),
};
