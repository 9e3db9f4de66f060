import type { Case } from "../case.ts";
import { accuracyCases } from "./accuracy.ts";
import { adapterCases } from "./adapters.ts";
import { catalogueCases } from "./catalogue.ts";
import { exportCases } from "./exports.ts";
import { fileCases } from "./files.ts";
import { headerCases } from "./headers.ts";
import { importCases } from "./imports.ts";
import { largestCases } from "./largest.ts";
import { mixedCases } from "./mixed.ts";
import { modelCases } from "./models.ts";
import { parallelCases } from "./parallel.ts";
import { patternCases } from "./patterns.ts";
import { refusedCases } from "./refused.ts";
import { settingCases } from "./settings.ts";
import { stepCases } from "./steps.ts";
import { tableCases } from "./tables.ts";
import { wordCases } from "./words.ts";

/** Every case, in the same order every time; no two have one id. */
export function allCases(): Case[] {
  const seen = new Map<string, number>();
  return [
    ...stepCases(),
    ...modelCases(),
    ...catalogueCases(),
    ...adapterCases(),
    ...settingCases(),
    ...parallelCases(),
    ...mixedCases(),
    ...refusedCases(),
    ...importCases(),
    ...exportCases(),
    ...headerCases(),
    ...tableCases(),
    ...largestCases(),
    ...fileCases(),
    ...patternCases(),
    ...wordCases(),
    ...accuracyCases(),
  ].map((each) => {
    const times = (seen.get(each.id) ?? 0) + 1;
    seen.set(each.id, times);
    return times === 1 ? each : { ...each, id: `${each.id} (${times})` };
  });
}
