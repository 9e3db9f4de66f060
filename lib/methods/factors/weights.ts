import type { Term } from "../method.ts";
import type { FactorsSetup } from "./setup.ts";
import { spelledProduct } from "../spelled.ts";

/**
 * Weights: parameters x bytes, split by pp, tp and, at ZeRO stage 3, dp. NF4
 * weights stay whole on every replica.
 */
export function weights(setup: FactorsSetup): Term {
  const { model, mesh, sharding, weightBytes } = setup;
  const replicas = sharding.stage === 3 && !setup.nf4 ? sharding.ways : 1;
  return {
    name: "weights",
    bytes: model.parameters * weightBytes / (mesh.pp * mesh.tp * replicas),
    formula: spelledProduct(model.parameters, [`${weightBytes} B`], [
      ["pp", mesh.pp],
      ["tp", mesh.tp],
      ["dp", replicas],
    ]),
    basis: Number.isInteger(weightBytes) &&
        setup.scenario.quantization.weights === "none"
      ? model.parameters_basis
      : "assumed",
  };
}
