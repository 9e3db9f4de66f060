import type { Config } from "./config.ts";
import { KEYS } from "./config_keys.ts";

/** Where a config keeps the parts of a model of several. */
const PARTS = [
  "text_config",
  "llm_config",
  "language_config",
  "thinker_config",
];

/**
 * What kinds of model a config.json describes, in the words that people search
 * by: "MoE", "vision", "audio", "encoder-decoder", "mamba".
 */
export function kindsOf(config: Config): string[] {
  const parts = [config, ...PARTS.map((key) => config[key]).filter(isConfig)];
  const some = (is: (part: Config) => boolean): boolean => parts.some(is);
  const types = parts.map((part) => String(part["model_type"] ?? ""));
  const kinds: [kind: string, is: boolean][] = [
    [
      "MoE",
      // A config that leaves its experts to its class has them in its type's name.
      types.some((type) => /(?:^|_)moe(?:_|$)/.test(type)) ||
      some((part) => KEYS.experts.some((key) => isMany(part[key]))),
    ],
    [
      "vision",
      some((part) =>
        isConfig(part["vision_config"]) || part["vit_n_blocks"] !== undefined
      ),
    ],
    [
      "audio",
      some((part) =>
        isConfig(part["audio_config"]) || part["num_mel_bins"] !== undefined
      ),
    ],
    ["encoder-decoder", some((part) => part["is_encoder_decoder"] === true)],
    [
      "mamba",
      types.some((type) => /mamba/.test(type)) ||
      some((part) => part["mamba_d_state"] !== undefined),
    ],
  ];
  return kinds.filter(([, is]) => is).map(([kind]) => kind);
}

function isMany(experts: unknown): boolean {
  const count = Array.isArray(experts) ? experts[0] : experts;
  return typeof count === "number" && count > 1;
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
