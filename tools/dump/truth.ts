import type { Input } from "./case.ts";

const TRUTH = new URL("../../tests/truth/", import.meta.url);

/** A model of transformers with its tensors, as the truth files hold it. */
export interface TrueModel {
  name: string;
  model_type: string;
  class: string;
  config: Input;
  tensors: [name: string, shape: number[], count: number][];
}

/** A run or a step with its scenario. */
export interface TrueStep {
  id?: string;
  name?: string;
  scenario: Input;
}

/** Random LoraConfigs of a small model. */
export interface TrueAdapters {
  model_type: string;
  config: Input;
  cases: {
    lora: {
      r: number;
      target_modules?: string | string[];
      modules_to_save?: string[];
      target_parameters?: string[];
      bias?: string;
      use_dora?: boolean;
    };
  }[];
}

/** Reads a file of tests/truth. */
export function truth<T>(file: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(file, TRUTH))) as T;
}

/** The configurations of tests/truth, by their names. */
export function configurations(): { name: string; text: string }[] {
  const folder = new URL("configurations/", TRUTH);
  return [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((name) => name !== "expected.json")
    .toSorted()
    .map((name) => ({
      name,
      text: Deno.readTextFileSync(new URL(name, folder)),
    }));
}

/** Every small random model. */
export function randomModels(): TrueModel[] {
  return ["classic", "dense", "heads", "recent", "vision"]
    .flatMap((kind) => truth<TrueModel[]>(`random_${kind}.json`));
}
