import type { LookUp } from "../../hub/look_up.ts";

/**
 * How far the look-up of a model is. It asks for the answer again after a
 * moment, with the form as it then stands; without JavaScript the page does.
 */
export function LookingUp(
  { lookUp, href, action = "/answer" }: {
    lookUp: Pick<LookUp, "name" | "headers" | "done" | "total">;
    /** The page's address, to load it anew. */
    href: string;
    /** Where the answer is asked for again. */
    action?: string;
  },
) {
  const { name, done, total } = lookUp;
  return (
    <section
      class="card looking-up"
      aria-labelledby="looking-up-title"
      hx-get={action}
      hx-include="#scenario"
      hx-trigger="load delay:600ms"
      hx-target="#answer"
      hx-swap="innerHTML"
      hx-sync="#scenario:drop"
    >
      <h2 id="looking-up-title">
        Looking up {name} on the Hugging Face Hub
      </h2>
      <p id="looking-up-state">{lookUpState(lookUp)}</p>
      {total === null || total === 0
        ? <progress aria-labelledby="looking-up-state" />
        : (
          <progress
            aria-labelledby="looking-up-state"
            value={done}
            max={total}
          />
        )}
      <p class="hint">
        The answer follows by itself. <a href={href}>Ask again</a>
      </p>
    </section>
  );
}

/** What a look-up is doing, in a few words. */
export function lookUpState(
  { done, total }: Pick<LookUp, "done" | "total">,
): string {
  if (total === null) {
    return done === 0
      ? "Reading config.json …"
      : `Reading the checkpoint's headers: ${done} read …`;
  }
  if (total === 1) return "Reading the checkpoint's header …";
  return done < total
    ? `Reading header ${done + 1} of ${total} …`
    : "Counting the parameters …";
}
