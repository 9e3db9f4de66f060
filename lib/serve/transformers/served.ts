import type { Serving } from "../../answer/serving.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Served, ServingQuestion } from "../engine.ts";
import { generationCode } from "./generation_code.ts";
import type { DeviceClass, PlayedDevice } from "./devices.ts";
import {
  computeBytes,
  deviceShareOf,
  loadedBytes,
  playDevices,
} from "./devices.ts";
import { keptBytes, stateBytes } from "./figures.ts";
import type { GenerationPlan } from "./generation.ts";
import { recordGeneration } from "./generation.ts";
import { cachedBytes } from "./cached.ts";
import { cacheChoiceOf, numberBytes } from "./cache_choice.ts";
import { cachesAsKept } from "./kept_heads.ts";
import { layerCaches } from "./layer_caches.ts";
import type { PhasePeak } from "./phases.ts";
import { phasePeaks } from "./phases.ts";
import { servedParts } from "./parts.ts";
import { outOfMemory } from "./refusal.ts";
import { capacityOf, fillableOf, fitOn, tightest } from "./room.ts";
import { sequencesWithin } from "./sequences.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { sharesOf } from "./shares.ts";
import { bindingOf, remarksOf, settingsOf } from "./words.ts";

/** Serves a scenario by playing its generation on every GPU that has a share. */
export function playedServing(
  question: ServingQuestion,
  plan: StepPlan,
): Served {
  const { scenario, checkpoint, caches } = question;
  const whole: GenerationPlan = {
    plan,
    caches: layerCaches(caches),
    kept: cacheChoiceOf(scenario, question.model.architecture.head_dim),
    code: generationCode(scenario, plan),
  };
  const { batch, input_tokens: prompt, output_tokens: generated } =
    scenario.serve;
  const gpuOf = cardsBy(question);
  const { gpus, tp } = scenario.parallel;
  // Ranks of tensor parallelism are alike.
  const shares = sharesOf(
    plan,
    tp > 1 ? 1 : gpus,
    {
      isEven: scenario.software.model_code === "litgpt",
      usableOf: (number) => gpuOf(number).usable,
    },
  );
  const recorded = recordGeneration(whole, { batch, prompt, generated });
  const classes = playDevices(scenario, recorded, shares, whole, gpuOf);
  const devices = classes.map(({ played }) => played);
  const most = devices.reduce((worst, each) =>
    each.fit.headroom < worst.fit.headroom ? each : worst
  );
  const length = prompt + generated;
  // What is asked for may fill more than what is surely there for any number.
  const asItIs = devices.every(({ fit }) => fit.fits) ? batch : 0;
  const sequencesOf = (tokens: number): number =>
    Math.max(tokens <= length ? asItIs : 0, surely(tokens));
  const surely = (tokens: number): number => {
    const asked = {
      prompt: Math.max(1, tokens - generated),
      generated: Math.min(generated, Math.max(0, tokens - 1)),
    };
    const recordings = new Map<number, ReturnType<typeof recordGeneration>>();
    const of = (many: number) => {
      const before = recordings.get(many);
      if (before) return before;
      const made = recordGeneration(whole, { batch: many, ...asked }, true);
      recordings.set(many, made);
      return made;
    };
    return Math.min(...devices.map(({ share, gpu, generation }) => {
      const room = fillableOf(scenario, gpu);
      return loadedBytes(generation) > room ? 0 : sequencesWithin(
        (many) => of(many).programOn(share, []).program,
        room,
      );
    }));
  };
  const phases = phasesOf(most);
  const size = numberBytes(whole.kept, scenario);
  const asKept = cachesAsKept(caches, plan, whole.code.expandsLatents, tp);
  // What several GPUs hold of it their programs tell.
  const held = gpus > 1
    ? null
    : cachedBytes(asKept, whole.kept, { prompt, generated }, size);
  const sequences = sequencesOf(length);
  return {
    serving: servingOf(question, whole, classes, most),
    kv: {
      ...keptBytes(asKept, size, tp),
      bytes: held === null ? most.generation.cacheBytes : batch * held,
      max_tokens: sequences * length,
      max_sequences: sequences,
    },
    phases: phases.map(({ name, bytes }) => ({ name, peak_bytes: bytes })),
    binding: bindingOf(most.generation, phases),
    parts: partsOf(most, checkpoint.basis),
    steady: most.generation.standing + most.generation.cacheBytes,
    reserved: most.reserved,
    device: most.reserved + most.outside,
    host: null,
    fitOn: (gpu) =>
      tightest(devices.map(({ demand }) => fitOn(scenario, demand, gpu))),
    sequencesOf,
    ...remarksOf(question, whole, shares),
  };
}

/** The card of each share: the same for all where one stands for them. */
function cardsBy({ gpus }: ServingQuestion) {
  return (number: number) =>
    (gpus[number] ?? gpus.at(-1)) as ServingQuestion["gpus"][number];
}

function servingOf(
  { scenario, model }: ServingQuestion,
  whole: GenerationPlan,
  classes: readonly DeviceClass[],
  { generation, outside }: PlayedDevice,
): Serving {
  const tight = classes.find(({ played }) => !played.fit.fits)?.played;
  const devices = classes.flatMap(({ shares, played }) =>
    shares.map((share) => ({ share, played }))
  ).sort((a, b) => a.share.number - b.share.number);
  return {
    engine: "transformers",
    starts: tight === undefined,
    refusal: tight
      ? outOfMemory(tight.generation.program, {
        number: tight.share.number,
        usable: tight.gpu.usable,
        capacity: capacityOf(scenario, tight.gpu),
      })
      : null,
    weights_bytes: loadedBytes(generation),
    compute_bytes: computeBytes(generation),
    graph_bytes: 0,
    outside_bytes: outside,
    kv_pool_bytes: null,
    kv_tokens: null,
    max_model_len: model.architecture.max_position_embeddings,
    max_concurrency: null,
    devices: devices.map(({ share, played }) =>
      deviceShareOf(
        played,
        share,
        whole.kept.kind === "none" ? 0 : stateBytes(
          whole.caches.slice(...share.layers),
          scenario.serve.batch,
          DTYPE_BYTES[scenario.precision.weights],
        ),
      )
    ),
    settings: settingsOf(scenario, whole, devices.length),
  };
}

function phasesOf({ generation }: PlayedDevice): PhasePeak[] {
  const workspaces = generation.program.load.reduce(
    (sum, { buffer }) =>
      buffer.pieces.some(({ group }) => group.part === "kernel workspaces")
        ? sum + buffer.bytes
        : sum,
    0,
  );
  return phasePeaks(generation, workspaces);
}

function partsOf(
  { generation: { peak }, allocator }: PlayedDevice,
  basis: Parameters<typeof servedParts>[1],
) {
  const ends = Math.max(0, allocator.allocated - peak.bytes);
  return servedParts([...peak.live, {
    part: "allocator rounding",
    label: "ends of blocks that are not cut off",
    count: 1,
    bytes: ends,
  }], basis);
}
