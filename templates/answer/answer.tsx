import type { Estimate } from "../../lib/mod.ts";
import type { Belongs } from "../form/comparison.ts";
import { TrafficFold } from "../traffic/traffic.tsx";
import { AdviceLater } from "./advice.tsx";
import { Bar } from "./bar.tsx";
import { BackToComparison } from "./compare_link.tsx";
import { Fold } from "./fold.tsx";
import { Evidence } from "./evidence.tsx";
import { Gpus } from "./gpus.tsx";
import { HostMemory } from "./host.tsx";
import { LargestLater } from "./largest.tsx";
import { Notes } from "./notes.tsx";
import { Opinions } from "./opinions.tsx";
import { Parts } from "./parts.tsx";
import { Ranks } from "./ranks.tsx";
import { ServingCard } from "../serving/serving.tsx";
import { StepPicture } from "./step_picture.tsx";
import { Use } from "./use.tsx";
import { traitsOf } from "./traits.ts";
import { Understood } from "./understood.tsx";
import { Verdict } from "./verdict.tsx";

/** The answer to a valid scenario, most wanted first. */
export function Answer(
  { estimate, headers, belongs }: {
    estimate: Estimate;
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
    /** The comparison that the scenario belongs to. */
    belongs: Belongs | null;
  },
) {
  return (
    <>
      <BackToComparison
        estimate={estimate}
        headers={headers}
        belongs={belongs}
      />
      <Verdict estimate={estimate} headers={headers} />
      <AdviceLater estimate={estimate} headers={headers} />
      <LargestLater estimate={estimate} headers={headers} />
      <Notes title="Warnings" kind="warnings" notes={estimate.warnings} />
      <Bar estimate={estimate} />
      <ServingCard estimate={estimate} />
      <Parts estimate={estimate} />
      <StepPicture estimate={estimate} />
      <Ranks estimate={estimate} headers={headers} />
      <HostMemory estimate={estimate} />
      <TrafficFold estimate={estimate} headers={headers} />
      <Gpus estimate={estimate} headers={headers} />
      <Understood estimate={estimate} />
      <Opinions estimate={estimate} />
      <Evidence estimate={estimate} />
      {estimate.assumptions.length > 0 && (
        <Fold id="assumptions" title="Assumptions">
          <ul class="remarks">
            {estimate.assumptions.map((note) => <li>{note}</li>)}
          </ul>
        </Fold>
      )}
      <Use estimate={estimate} />
      <span hidden data-traits={[...traitsOf(estimate.model)].join(" ")} />
    </>
  );
}
