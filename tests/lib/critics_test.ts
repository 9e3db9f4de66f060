import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { phase, said } from "./answers.ts";
import { imported } from "./interop/imported.ts";

type Train = NonNullable<ScenarioInput["train"]>;

const POLICY = "Qwen/Qwen2.5-1.5B";

function trained(train: Train, rest: Partial<ScenarioInput> = {}): Estimate {
  const answer = estimate({
    model: POLICY,
    precision: { weights: "fp32", autocast: "bf16" },
    ...rest,
    train: {
      objective: "grpo",
      micro_batch: 2,
      sequence_length: 1024,
      prompt_tokens: 512,
      completion_tokens: 512,
      rollout: { engine: "external" },
      ...train,
    },
  });
  assertEquals(answer.method, "timeline", answer.warnings.join("\n"));
  return answer;
}

const steady = ({ memory }: Estimate) => memory.allocated_steady_bytes ?? 0;

Deno.test("what a critic keeps stands beside the policy, and its update is a phase", () => {
  for (
    const rest of [
      {},
      { parallel: { gpus: 8 }, engine: { name: "fsdp2" } },
      { parallel: { gpus: 8 }, engine: { name: "deepspeed", zero_stage: 3 } },
    ] as const
  ) {
    const alone = trained({}, rest);
    const ppo = trained({ critic: POLICY }, rest);
    const critic = trained({
      objective: "classification",
      prompt_tokens: null,
      completion_tokens: null,
    }, rest);
    const stands = steady(ppo) - steady(alone);
    assert(Math.abs(stands / steady(critic) - 1) < 0.001, `${stands}`);
    const highest = Math.max(
      ...(critic.memory.phases ?? []).map(({ peak_bytes }) => peak_bytes),
    );
    const update = phase(ppo, "critic") - steady(alone);
    assert(Math.abs(update / highest - 1) < 0.01, `${update} of ${highest}`);
    const sum = ppo.memory.parts.reduce((all, { bytes }) => all + bytes, 0);
    assertEquals(sum, ppo.memory.allocated_peak_bytes);
  }
});

Deno.test("a critic that is larger than the policy decides the peak", () => {
  const ppo = trained({ critic: "Qwen/Qwen2.5-7B", micro_batch: 1 });
  assertMatch(ppo.memory.binding ?? "", /critic's own update/);
});

Deno.test("a reward model's weights stand, a rank's part of them where they are shared", () => {
  const whole = steady(trained({ reward_model: POLICY })) - steady(trained({}));
  const rest = {
    parallel: { gpus: 8 },
    engine: { name: "fsdp2" },
  } as const;
  const part = steady(trained({ reward_model: POLICY }, rest)) -
    steady(trained({}, rest));
  assert(Math.abs(whole / (4 * 1_543_716_096) - 1) < 0.001, `${whole}`);
  assert(Math.abs(part / (whole / 8) - 1) < 0.001, `${part}`);
});

Deno.test("a critic that nobody knows is a problem that names its field", () => {
  assertThrows(() => trained({ critic: "no/such" }), Error, "train.critic");
});

Deno.test("a critic is used by an objective that generates alone", () => {
  assertMatch(
    said(estimate({ model: POLICY, train: { critic: POLICY } })),
    /train\.critic is not used/,
  );
});

/** What a text says of training. */
const trainOf = (text: string) =>
  imported(text).scenario.train as Record<string, unknown> | undefined;

const VERL =
  "python3 -m verl.trainer.main_ppo actor_rollout_ref.model.path=Qwen/Qwen2.5-1.5B actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2";

Deno.test("verl's critic and reward model are read where they stay on the GPU", () => {
  const read = (more: string) => trainOf(`${VERL} ${more}`);
  const gae = read(
    "algorithm.adv_estimator=gae critic.model.path=/models/Qwen2.5-7B",
  );
  assertEquals(gae?.critic, "Qwen/Qwen2.5-7B");
  const own = read("algorithm.adv_estimator=gae");
  assertEquals(own?.critic, "Qwen/Qwen2.5-1.5B");
  const away = read(
    "algorithm.adv_estimator=gae critic.model.fsdp_config.param_offload=True",
  );
  assertEquals(away?.critic, undefined);
  assertEquals(read("algorithm.adv_estimator=grpo")?.critic, undefined);
  const scored = read(
    "algorithm.adv_estimator=grpo reward_model.enable=True reward_model.model.path=Qwen/Qwen2.5-0.5B",
  );
  assertEquals(scored?.reward_model, "Qwen/Qwen2.5-0.5B");
});

Deno.test("OpenRLHF's critic is on the policy's GPUs where all models share them", () => {
  const read = (more: string) =>
    trainOf(
      `python3 -m openrlhf.cli.train_ppo_ray --pretrain Qwen/Qwen2.5-1.5B --critic_pretrain Qwen/Qwen2.5-0.5B --micro_train_batch_size 2 ${more}`,
    );
  assertEquals(read("--colocate_all_models")?.critic, "Qwen/Qwen2.5-0.5B");
  assertEquals(read("")?.critic, undefined);
  assertEquals(
    read("--colocate_all_models --deepspeed_enable_sleep")?.critic,
    undefined,
  );
  assertEquals(
    read("--colocate_all_models --advantage_estimator rloo")?.critic,
    undefined,
  );
});
