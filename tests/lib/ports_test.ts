import { assert, assertEquals } from "@std/assert";
import type { Act, Run } from "../../lib/play/program/act.ts";
import { passActs } from "../../lib/play/program/pass.ts";
import { played } from "./played.ts";

const DIMS = {
  layers: 3,
  hidden_size: 512,
  attention_heads: 8,
  intermediate_size: 1024,
  vocab_size: 2000,
  tie_embeddings: false,
  gated_mlp: true,
};

function runsOf(acts: readonly Act[]): Run[] {
  return acts.filter((act): act is Run => act.act === "run");
}

Deno.test("a block has a port for each parameter that it reads, and for its gradient", () => {
  const { program } = played({ model: { dims: DIMS } });
  const backward = runsOf(program.step).filter(({ name }) =>
    name === "backward"
  );
  const layer = backward.find(({ at }) => at === 1);
  assert(layer);
  const { parameters } = layer.instance.block;
  assertEquals(parameters.map(({ parameter }) => parameter.name), [
    "input_layernorm.weight",
    "self_attn.q_proj.weight",
    "self_attn.k_proj.weight",
    "self_attn.v_proj.weight",
    "self_attn.o_proj.weight",
    "post_attention_layernorm.weight",
    "mlp.gate_proj.weight",
    "mlp.up_proj.weight",
    "mlp.down_proj.weight",
  ]);
  const { from, to, tape } = layer.segment;
  for (const { parameter, isSaved, gradient } of parameters) {
    assert(isSaved, parameter.name);
    assert(gradient && from < gradient.at && gradient.at <= to, parameter.name);
    assertEquals(tape.parts[gradient.storage], "gradients");
    assertEquals(tape.bytes[gradient.storage], 2 * parameter.elements);
  }
});

Deno.test("frozen parameters have no gradient, and are saved for their input's", () => {
  const { program } = played({
    model: { dims: DIMS },
    train: { method: "lora", lora: { targets: ["q_proj"] } },
  });
  const [run] = runsOf(program.step).filter(({ at, name }) =>
    at === 1 && name === "backward"
  );
  assert(run);
  for (const { parameter, gradient } of run.instance.block.parameters) {
    const trains = /q_proj [AB]/.test(parameter.name);
    assertEquals(gradient !== null, trains, parameter.name);
  }
  const down = run.instance.block.parameters.find(({ parameter }) =>
    parameter.name === "mlp.down_proj.weight"
  );
  assert(down?.isSaved);
});

Deno.test("a pass hands hidden states on forward and gradients back", () => {
  const { program } = played({ model: { dims: DIMS } });
  const runs = runsOf(program.step);
  const places = (phase: string) =>
    runs.filter((run) => run.phase === phase && run.wires.length > 0).map(
      ({ at, wires }) => [at, ...wires.map(({ from }) => from.at)],
    );
  assertEquals(places("forward"), [
    [0, "embeddings"],
    [1, 0],
    [2, 1],
    ["head", 2],
  ]);
  assertEquals(places("backward"), [
    [2, "head"],
    [1, 2],
    [0, 1],
    ["embeddings", 0],
  ]);
});

Deno.test("the first layer of a decoder hands on the sum of the encoder's gradients", () => {
  const { program } = played({ model: "google-t5/t5-small" });
  const end =
    runsOf(program.step).filter(({ phase, at }) =>
      phase === "backward" && at === "encoder"
    )[0];
  assertEquals(
    end?.wires.map(({ what, from }) => [what, from.at]),
    [["gradient of the encoder's output", 0]],
  );
  const first = runsOf(program.step).findLast(({ phase, at }) =>
    phase === "backward" && at === "encoder"
  );
  assertEquals(
    first?.wires.map(({ what, from }) => [what, from.at]).slice(-1),
    [["gradient of the embeddings", "embeddings"]],
  );
});

Deno.test("passActs() makes instances of its own each time", () => {
  const { program } = played({
    model: { dims: DIMS },
    train: { gradient_accumulation: 2 },
  });
  const instances = new Set(runsOf(program.step).map((run) => run.instance));
  assertEquals(instances.size, 2 * program.blocks);
  assertEquals(program.blocks, DIMS.layers + 2);
  assertEquals(passActs({ stacks: [], hostBytes: 0 }).acts, []);
});
