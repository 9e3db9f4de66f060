import type { Result } from "../../../scenario/parse_scenario.ts";
import { putAt } from "../../../scenario/walk.ts";
import { NOT_KNOWN } from "../apply_format.ts";
import type { Draft } from "../draft.ts";
import { FACT_FIELDS } from "../draft.ts";
import type { Imported, Understood } from "../imported.ts";
import { assumptionsOf } from "./assumptions.ts";
import { settleBatch } from "./batch.ts";
import { checkedInput } from "./checked_input.ts";
import type { Merged } from "./merged.ts";
import { mergeDrafts, mergedValueAt } from "./merged.ts";
import { settleMesh, settleNodes } from "./mesh.ts";
import { dropUnused, settleMethod } from "./method.ts";
import { missingOf } from "./missing.ts";
import { settlePrecision } from "./precision.ts";

/** Puts what the files say together, and checks it as a Scenario. */
export function settle(
  drafts: readonly Draft[],
): Result<Omit<Imported, "formats">> {
  const problems = drafts.flatMap((draft) => draft.problems);
  if (problems.length > 0) return { ok: false, problems };
  const { merged, overridden, isOverridden } = mergeDrafts(drafts);
  const ignored = [...drafts.flatMap((draft) => draft.ignored), ...overridden];
  if (mergedValueAt(merged, "task") !== "serve") {
    if (!drafts.some((draft) => draft.complete)) settleMethod(merged);
    dropUnused(merged);
    settlePrecision(merged);
  }
  const unfit = settleMesh(merged);
  if (unfit) ignored.push(unfit);
  const wrong = unfit ? null : settleBatch(merged);
  if (wrong) return { ok: false, problems: [wrong] };
  settleNodes(merged);

  const missing = missingOf(drafts, merged);
  // Nobody asked for one GPU where more have to be told.
  if (missing.some(({ paths }) => paths.includes("parallel.gpus"))) {
    merged.assumed.delete("parallel.gpus");
  }
  const figures = drafts.flatMap((draft) => draft.figures);
  const checked = checkedInput(inputOf(merged), merged.stated);
  if (!checked.ok) return checked;
  return {
    ok: true,
    value: {
      scenario: checked.value,
      understood: drafts.flatMap((draft) => draft.understood)
        .filter(({ key, path }) => !isOverridden(key, path))
        .map((each) => withEngine(each, mergedValueAt(merged, "engine.name"))),
      ignored,
      missing,
      assumed: assumptionsOf(drafts, merged).filter(({ path }) =>
        !missing.some(({ paths }) => paths.includes(path))
      ),
      warnings: ignored.filter(({ moves_memory }) => moves_memory)
        .map(({ key, value, reason }) =>
          reason === NOT_KNOWN
            ? `${key} (${value}) is left out: ${reason}`
            : `${key} (${value}) moves memory and is left out: ${reason}`
        ),
      ...(figures.length > 0 ? { figures } : {}),
    },
  };
}

/** What is stated, and what is assumed beside it, as a Scenario's input. */
function inputOf({ stated, assumed }: Merged): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [path, { value }] of assumed) {
    if (!stated.has(path)) putAt(input, path, value);
  }
  for (const [path, { value }] of stated) putAt(input, path, value);
  return input;
}

/** DeepSpeed casts the model where others run autocast. */
function withEngine(each: Understood, engine: unknown): Understood {
  return engine === "deepspeed" && each.path === FACT_FIELDS.mixed_precision &&
      each.becomes.startsWith("mixed")
    ? { ...each, path: "precision.weights" }
    : each;
}
