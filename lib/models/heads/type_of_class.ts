import type { Config } from "../config.ts";
import { namedClass } from "./class_of_config.ts";
import classes from "./classes.json" with { type: "json" };

/** The classes of each model type; the file's own type is a union of its entries. */
const CLASSES: Readonly<Record<string, readonly string[]>> = classes;

/**
 * A config.json without a `model_type`, as very old releases wrote them and people
 * shorten them, with the type that has the class of its `architectures`.
 *
 * @returns The config, and a note where a type is taken; the config as it is where no
 *   type has the class, or several that the class is not named after.
 */
export function withTypeOfClass(
  config: Config,
): { config: Config; notes: readonly string[] } {
  const said = config["model_type"];
  const named = namedClass(config);
  const isSilent = said === undefined || said === null || said === "";
  const type = isSilent && named !== "" ? typeOf(named) : null;
  if (type === null) return { config, notes: [] };
  const text = config["text_config"];
  const isTextAlone = isConfig(text) && /_text(?:_model)?$/.test(type);
  return {
    config: {
      ...(isTextAlone ? text : config),
      model_type: type,
      architectures: [named],
    },
    notes: [
      `model.config has no model_type: ${type}, of whose classes ${named} is, is taken`,
    ],
  };
}

/** The type that has a class; of several the one whose config the class reads, after which it is named. */
function typeOf(named: string): string | null {
  const having = Object.keys(CLASSES).filter((type) =>
    CLASSES[type]?.includes(named)
  );
  const [only] = having;
  if (having.length === 1 && only !== undefined) return only;
  const name = named.toLowerCase();
  const [first] = having
    .filter((type) => name.startsWith(type.replaceAll(/[-_]/g, "")))
    .sort((a, b) => b.length - a.length);
  return first ?? null;
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
