import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CATALOGUE } from "../../lib/models/catalogue.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { recordPass } from "../../lib/engines/blocks/pass.ts";
import { stepPlanOf } from "../../lib/plan/step_plan.ts";
import { estimated, holds } from "./played.ts";
import traced from "../truth/traced_state_spaces.json" with { type: "json" };
import { assertOk, assertPlayed } from "./results.ts";

type Config = Record<string, unknown>;

const TYPES = new Set([
  "mamba",
  "falcon_mamba",
  "mamba2",
  "jamba",
  "bamba",
  "granitemoehybrid",
  "nemotron_h",
]);

/** A small model of each type, as it was traced. */
const SMALL = new Map(
  (traced as unknown as { scenario: { model: { config: Config } } }[]).map((
    { scenario: { model } },
  ) => [`${model.config["model_type"]}`, model.config]),
);

/** Granite 4 has sizes without a layer of Mamba's. */
function isAttentionAlone({ layer_types }: Record<string, unknown>): boolean {
  return Array.isArray(layer_types) &&
    layer_types.every((kind) => /^(full_)?attention$/.test(kind));
}

/** Those, Jamba and Granite with experts, and the catalogue's that are played. */
const MODELS: readonly NonNullable<ScenarioInput["model"]>[] = [
  ...[...SMALL.values()].map((config) => ({ config })),
  { config: { ...SMALL.get("jamba"), num_experts: 4 } },
  {
    config: {
      ...SMALL.get("granitemoehybrid"),
      num_local_experts: 4,
      num_experts_per_tok: 2,
    },
  },
  ...CATALOGUE.filter(({ config }) =>
    // Nemotron's experts are not: tests of what is not played hold them.
    TYPES.has(`${config?.["model_type"]}`) && !("n_routed_experts" in config) &&
    !isAttentionAlone(config)
  ).map(({ id }) => id),
];

const METHODS: Readonly<Record<string, NonNullable<ScenarioInput["train"]>>> = {
  full: {},
  lora: { method: "lora", lora: { targets: ["in_proj", "x_proj"], rank: 8 } },
  "in the layers alone": { trainable: ["language_model"] },
};
const CHECKPOINTS = ["none", "selective", "full"] as const;
const PRECISIONS: readonly NonNullable<ScenarioInput["precision"]>[] = [
  {},
  { autocast: "bf16" },
  { weights: "fp32", autocast: "bf16" },
  { weights: "fp32" },
];

for (const [name, train] of Object.entries(METHODS)) {
  Deno.test(`steps with state spaces leave gradients and nothing else: ${name}`, () => {
    assert(MODELS.some((model) => typeof model === "string"));
    for (const model of MODELS) {
      for (const checkpointing of CHECKPOINTS) {
        for (const precision of PRECISIONS) {
          holds({
            model,
            precision,
            train: {
              micro_batch: 2,
              sequence_length: 192,
              ...train,
              checkpointing,
            },
          });
        }
      }
    }
  });
}

Deno.test("the same with masks, accumulation, fused losses and odd lengths", () => {
  for (const config of SMALL.values()) {
    const model = { config };
    const train = { micro_batch: 3, sequence_length: 77 };
    const padded = { ...train, padding_mask: true, attention: "sdpa" as const };
    holds({ model, train: { ...padded, gradient_accumulation: 2 } });
    holds({ model, train: { ...train, loss: "fused", kernels: "liger" } });
    holds({ model, train: { ...train, kernels: "compile", loss: "chunked" } });
    holds({ model, train, optimizer: { in_backward: true } });
    if (config["model_type"] !== "jamba") continue;
    // Its projections are modules, so that they can be packed.
    holds({
      model,
      train: {
        ...train,
        method: "qlora",
        lora: { targets: ["in_proj", "x_proj", "dt_proj"], rank: 8 },
      },
      quantization: { weights: "nf4" },
      precision: { autocast: "bf16" },
    });
  }
});

/** What a layer keeps, by label, in bytes as the allocator rounds them. */
function kept(input: ScenarioInput): Record<string, number> {
  const scenario = parseScenario(input);
  assertOk(scenario);
  const model = resolveModel(scenario.value.model);
  assertOk(model);
  const plan = stepPlanOf(scenario.value, model.value);
  assertPlayed(plan);
  const { stacks } = recordPass(plan, { workspaces: false }, {
    accumulation: "keep",
  });
  const segment = stacks.at(-1)?.at(-2)?.block.forward;
  assert(segment);
  const standing = new Map<number, number>();
  for (let at = segment.from; at < segment.to; at++) {
    const event = segment.tape.events[at] ?? 0;
    if (event >= 0) standing.set(event, segment.tape.bytes[event] ?? 0);
    else standing.delete(~event);
  }
  return Object.fromEntries(
    [...standing].flatMap(([id, bytes]) =>
      segment.tape.parts[id] === "state-space activations"
        ? [[segment.tape.labels[id] ?? "", bytes]]
        : []
    ),
  );
}

/*
 * Sizes for the lists below: 2 sequences of 3,000 tokens, so 2 chunks of 2,048
 * tokens or 12 of 256; T = 6,000 tokens.
 */
const T = 6000;
const LONG = { micro_batch: 2, sequence_length: 3000 };
const HIDDEN = 128;
const INNER = 256;
const STATE = 16;
const RANK = 8;

const MAMBA: Config = {
  model_type: "mamba",
  vocab_size: 500,
  num_hidden_layers: 2,
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  state_size: STATE,
  time_step_rank: RANK,
};

/** The allocator's rounding. */
const round = (bytes: number) => Math.ceil(bytes / 512) * 512;

Deno.test("Mamba keeps what MambaInnerFn saves", () => {
  // mamba_ssm/ops/selective_scan_interface.py, ctx.save_for_backward with
  // checkpoint_lvl 1: conv1d_out and delta are dropped, and run again.
  assertEquals(kept({ model: { config: MAMBA }, train: LONG }), {
    // MambaMixer: −exp(A_log.float()), whose power and result are both saved.
    "exp of A_log": round(INNER * STATE * 4),
    "A": round(INNER * STATE * 4),
    // D.float() and dt_proj.bias.float()
    "D in fp32": round(INNER * 4),
    "dt bias in fp32": round(INNER * 4),
    // xz, a copy by channel of what in_proj gave
    "scan input and gate by channel": round(T * 2 * INNER * 2),
    // x_dbl
    "time steps, B and C": round(T * (RANK + 2 * STATE) * 2),
    "B by state": round(T * STATE * 2),
    "C by state": round(T * STATE * 2),
    // out
    "scan output": round(T * INNER * 2),
    // scan_intermediates: [batch, inner, chunks of 2,048, 2 state] in fp32
    "states at chunks' ends": round(2 * INNER * 2 * 2 * STATE * 4),
  });
});

Deno.test("under autocast the weights that the kernel casts are saved too", () => {
  const own = kept({
    model: { config: MAMBA },
    train: LONG,
    precision: { weights: "fp32", autocast: "bf16" },
  });
  // x_proj_weight.to(), delta_proj_weight.to() and out_proj_weight.to() count as
  // weight casts; D and the bias are in fp32 already.
  assertEquals(own["D in fp32"], undefined);
  assertEquals(own["mixer.in_proj input"], round(T * HIDDEN * 2));
  assertEquals(
    own["scan input and gate by channel"],
    round(T * 2 * INNER * 2),
  );
});

Deno.test("Mamba-2 keeps what MambaSplitConv1dScanCombinedFn saves", () => {
  // mamba_ssm/ops/triton/ssd_combined.py, ctx.save_for_backward: states, time
  // steps and the convolution are run again.
  const config = {
    model_type: "mamba2",
    vocab_size: 500,
    num_hidden_layers: 2,
    hidden_size: HIDDEN,
    num_heads: 4,
    head_dim: 64,
    n_groups: 2,
    state_size: STATE,
  };
  assertEquals(kept({ model: { config }, train: LONG }), {
    "exp of A_log": round(4 * 4),
    "A": round(4 * 4),
    // zxbcdt, which is what in_proj gave
    "scan input": round(T * (2 * INNER + 2 * 2 * STATE + 4) * 2),
    // out_x
    "scan output": round(T * INNER * 2),
    // rstd, a number for each group of each row
    "reciprocal roots of the gated norm": round(T * 2 * 4),
  });
});

Deno.test("Jamba keeps what SelectiveScanFn and the modules before it save", () => {
  const config = { ...SMALL.get("jamba"), num_hidden_layers: 1 };
  const inner = 2 * 256;
  const [rank, state] = [16, 16];
  const own = kept({ model: { config }, train: LONG });
  // SelectiveScanFn: u, delta, B, C and z copied to lie by channel, x and out.
  assertEquals(own["scan input by channel"], round(T * inner * 2));
  assertEquals(own["time steps by channel"], round(T * inner * 2));
  assertEquals(own["gate by channel"], round(T * inner * 2));
  assertEquals(own["B by state"], round(T * state * 2));
  assertEquals(own["C by state"], round(T * state * 2));
  assertEquals(own["scan output"], round(T * inner * 2));
  assertEquals(
    own["states at chunks' ends"],
    round(2 * inner * 2 * 2 * state * 4),
  );
  // CausalConv1dFn saves its input, a half of what in_proj gave; x_proj its own.
  assertEquals(own["scan input"], round(T * 2 * inner * 2));
  assertEquals(own["convolved scan input"], round(T * inner * 2));
  // F.linear of out_proj flattens two sequences that lie by channel.
  assertEquals(own["gated scan output by token"], round(T * inner * 2));
  assertEquals(own["gated scan output"], undefined);
  // The features that dt_proj's weight is multiplied with.
  assert(own["output of time step norm"] === round(T * rank * 2));
});

Deno.test("state spaces are marked as assumed, and what runs them is said", () => {
  const { memory, assumptions } = estimated({
    model: "state-spaces/mamba-2.8b-hf",
  });
  const part = memory.parts.find(({ name }) =>
    name === "state-space activations"
  );
  assertEquals(part?.basis, "assumed");
  assertStringIncludes(part?.source ?? "", "mamba_ssm");
  assertStringIncludes(assumptions.join("\n"), "mamba_inner_fn");
});

Deno.test("adapters that the kernels pass by train nothing, which is said", () => {
  const of = (targets: string[]) =>
    estimated({
      model: "state-spaces/mamba-2.8b-hf",
      train: { method: "lora", lora: { targets, rank: 8 } },
    });
  const both = of(["in_proj", "x_proj"]);
  assertStringIncludes(
    both.warnings.join("\n"),
    "adapters of x_proj never get a gradient",
  );
  const bytes = ({ memory }: Estimate, part: string) =>
    memory.parts.find(({ name }) => name === part)?.bytes ?? 0;
  const one = of(["in_proj"]);
  assert(bytes(both, "adapters") > bytes(one, "adapters"));
  assertEquals(
    bytes(both, "optimizer states"),
    bytes(one, "optimizer states"),
  );
});

Deno.test("quantised weights that a kernel would have to multiply by are refused", () => {
  const { method, warnings } = estimated({
    model: "state-spaces/mamba-2.8b-hf",
    quantization: { weights: "nf4" },
    train: { method: "qlora", lora: { targets: ["in_proj"], rank: 8 } },
  });
  assertEquals(method, "factors");
  assertStringIncludes(
    warnings.join("\n"),
    "quantised weights of models of type mamba are not played through",
  );
});
