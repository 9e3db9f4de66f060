import type { Estimate } from "../../lib/mod.ts";
import type { Belongs } from "../form/comparison.ts";
import { TrafficFold } from "../traffic/traffic.tsx";
import { AdviceLater } from "./advice.tsx";
import { Bar } from "./bar.tsx";
import { BackToComparison } from "./compare_link.tsx";
import { Evidence } from "./evidence.tsx";
import { Gpus } from "./gpus.tsx";
import { HostMemory } from "./host.tsx";
import { LargestLater } from "./largest.tsx";
import { Notes } from "./notes.tsx";
import { Opinions } from "./opinions.tsx";
import { Parts } from "./parts.tsx";
import { Ranks } from "./ranks.tsx";
import { ServingCard } from "../serving/serving.tsx";
import { Reuse } from "./reuse.tsx";
import { StepPicture } from "./step_picture.tsx";
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
      <Verdict estimate={estimate} />
      <AdviceLater estimate={estimate} headers={headers} />
      <Bar estimate={estimate} />
      <ServingCard estimate={estimate} />
      <LargestLater estimate={estimate} headers={headers} />
      <Notes title="Warnings" kind="warnings" notes={estimate.warnings} />
      <Parts estimate={estimate} />
      <StepPicture estimate={estimate} />
      <Ranks estimate={estimate} headers={headers} />
      <HostMemory estimate={estimate} />
      <TrafficFold estimate={estimate} headers={headers} />
      <Gpus estimate={estimate} headers={headers} />
      <Understood estimate={estimate} />
      <Opinions estimate={estimate} />
      <Evidence estimate={estimate} />
      <Notes
        title="Assumptions"
        kind="assumptions"
        notes={estimate.assumptions}
      />
      <Reuse estimate={estimate} headers={headers} />
    </>
  );
}
