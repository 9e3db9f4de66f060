import type { Architecture } from "./architecture.ts";

/** What a config says that no model of it would run with. */
export function doubtsOf(architecture: Architecture): string[] {
  const { attention_heads, kv_heads, experts, experts_per_token } =
    architecture;
  const doubts: string[] = [];
  if (attention_heads > 0 && kv_heads > 0 && attention_heads % kv_heads !== 0) {
    doubts.push(
      `The config's heads for keys and values must divide its attention heads (${attention_heads}): current value is ${kv_heads}, and the model would not run`,
    );
  }
  // One expert is a plain MLP, which no router chooses.
  if (experts > 1 && experts_per_token > experts) {
    doubts.push(
      `The config's experts per token must be at most its experts (${experts}): current value is ${experts_per_token}, and the model would not run`,
    );
  }
  return doubts;
}
