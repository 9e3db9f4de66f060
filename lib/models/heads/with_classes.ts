import type { Family } from "../families/family.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { TensorScope } from "../tensors/tensor_scope.ts";

/**
 * Declares the model of one class.
 *
 * @param whole What the type's family declares.
 */
export type ClassModel = (
  config: ConfigReader,
  scope: TensorScope,
  whole: TensorScope,
) => void;

/**
 * A family with classes of other builds, by the ends of their names; what
 * matches none is the family's own.
 */
export function withClasses(
  family: Family,
  classes: Readonly<Record<string, ClassModel>>,
): Family {
  const ends = Object.entries(classes);
  return (config, scope) => {
    const [named = ""] = config.texts("architectures");
    const declare = ends.find(([end]) => named.endsWith(end))?.[1];
    if (!declare) return family(config, scope);
    const whole = new TensorScope();
    family(config, whole);
    declare(config, scope, whole);
  };
}
