import { isObject } from "../../../scenario/fields.ts";
import { readScript } from "../shell/script.ts";
import type { StartCommand } from "./start_command.ts";
import { documentsIn, objectsIn } from "./yaml_objects.ts";

/** Whether a text may be a compose file or a manifest of Kubernetes. */
export function looksLikeContainers(text: string): boolean {
  return /^\s*(?:-\s+)?["']?(?:image|containers|services|modelFormat)["']?\s*:/m
    .test(text);
}

/**
 * The commands of the containers in a compose file or manifests of Kubernetes,
 * whatever they stand in.
 *
 * @returns None where the text is no YAML.
 */
export function commandsOfContainers(text: string): StartCommand[] {
  return [...objectsIn(documentsIn(text))].filter(isContainer)
    .flatMap(commandsIn);
}

function isContainer(value: Record<string, unknown>): boolean {
  return typeof value["image"] === "string" || "command" in value ||
    "args" in value || "entrypoint" in value;
}

function commandsIn(container: Record<string, unknown>): StartCommand[] {
  const { entrypoint, command, args } = container;
  // KServe's Hugging Face runtime serves by vLLM's flags.
  const image = at(container, "modelFormat", "name") === "huggingface"
    ? "kserve/huggingfaceserver"
    : container["image"];
  const words = [entrypoint, command, args].flatMap(wordsOf);
  const env = environmentOf(container["environment"] ?? container["env"]);
  const about = {
    env,
    image: typeof image === "string" ? image : null,
    gpus: gpusOf(container),
  };
  const script = scriptIn(words);
  if (script === null) return [{ words, notes: [], ...about }];
  return readScript(script).commands.map(({ words }) => ({
    words,
    notes: [],
    ...about,
  }));
}

/** What `sh -c` runs. */
function scriptIn(words: readonly string[]): string | null {
  const at = words.findIndex((word) => /^-\w*c$/.test(word));
  const isShell = /(?:^|\/)(?:ba|z)?sh$/.test(words[0] ?? "");
  return isShell && at > 0 ? words.slice(at + 1).join(" ") : null;
}

/** A list's words as they are, or a text's as a shell parts them. */
function wordsOf(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((each) =>
      typeof each === "object" || each === null ? [] : [String(each)]
    );
  }
  return typeof value === "string"
    ? readScript(value).commands.flatMap(({ words }) => words)
    : [];
}

/** Variables as a map, as `NAME=value`, or as Kubernetes names them. */
function environmentOf(value: unknown): Map<string, string> {
  const env = new Map<string, string>();
  const entries = Array.isArray(value)
    ? value
    : isObject(value)
    ? Object.entries(value).map(([name, given]) => ({ name, value: given }))
    : [];
  for (const entry of entries) {
    if (typeof entry === "string") {
      const at = entry.indexOf("=");
      if (at > 0) env.set(entry.slice(0, at), entry.slice(at + 1));
    } else if (isObject(entry) && typeof entry["name"] === "string") {
      const given = entry["value"];
      if (typeof given !== "object" && given !== undefined) {
        env.set(entry["name"], String(given));
      }
    }
  }
  return env;
}

/** `nvidia.com/gpu` of Kubernetes, devices of a compose file. */
function gpusOf({ resources, deploy, gpus }: Record<string, unknown>):
  | number
  | null {
  const asked = at(resources, "limits", "nvidia.com/gpu") ??
    at(resources, "requests", "nvidia.com/gpu") ?? gpus;
  const devices = at(deploy, "resources", "reservations", "devices");
  const [device] = Array.isArray(devices) ? devices : [];
  const ids = at(device, "device_ids");
  const count = asked ?? at(device, "count") ??
    (Array.isArray(ids) ? ids.length : undefined);
  const number = Number(count);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => isObject(inner) ? inner[key] : undefined,
    value,
  );
}
