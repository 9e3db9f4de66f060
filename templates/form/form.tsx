import { QUANTIZATIONS } from "../../lib/mod.ts";
import { belongsText } from "./comparison.ts";
import type { FormState } from "./form_state.ts";
import { GroupView } from "./group.tsx";
import { MoreSettings } from "./more_settings.tsx";
import { PAGE_FIELDS } from "./page_fields.ts";
import type { Tab } from "./tabs.ts";
import { TABS } from "./tabs.ts";

/** Asks for the answer when a person stops typing for a moment. */
const WHEN = "input delay:150ms, submit";

/** What texts may be completed to; names of models come as they are typed. */
const SUGGESTIONS = (
  <>
    <datalist id="models" />
    <datalist id="formats">
      {QUANTIZATIONS.map((format) => <option value={format} />)}
    </datalist>
  </>
);

/**
 * The tabs: radio buttons of a form of their own, so that they work with the
 * keyboard and without JavaScript and are not sent along.
 */
export function Tabs({ state }: { state: FormState }) {
  const open = TABS.find((tab) => hasError(tab, state)) ??
    TABS.find(({ id }) => id === state.more) ?? TABS[0];
  return (
    <form id="tabs" class="tabs" autocomplete="off" aria-label="Settings">
      {TABS.map((tab) => (
        <label class={taskOf(tab) ? `tab for-${taskOf(tab)}` : "tab"}>
          <input
            type="radio"
            name="tab"
            value={tab.id}
            id={`tab-${tab.id}`}
            checked={tab === open}
          />
          <span>{tab.title}</span>
        </label>
      ))}
    </form>
  );
}

/** The form. It is a plain form first: without JavaScript its button answers. */
export function ScenarioForm({ state }: { state: FormState }) {
  return (
    <form
      id="scenario"
      class="scenario"
      action="/"
      method="get"
      autocomplete="off"
      hx-get="/answer"
      hx-target="#answer"
      hx-swap="innerHTML"
      hx-trigger={WHEN}
      hx-sync="this:replace"
      aria-label="Scenario"
    >
      {/* Enter presses a form's first button, which the file's would be. */}
      <button type="submit" class="unseen" tabindex={-1} aria-hidden="true">
        Estimate
      </button>
      {state.belongs && (
        <input
          type="hidden"
          name={PAGE_FIELDS.compare}
          value={belongsText(state.belongs)}
        />
      )}
      {TABS.map((tab) => (
        <section class="panel" id={`panel-${tab.id}`} aria-label={tab.title}>
          {tab.groups.map((group) => <GroupView group={group} state={state} />)}
          {tab.id === "lora" && (
            <p class="instead">
              Adapters belong to LoRA and QLoRA: choose one of them under Basic.
            </p>
          )}
          {tab.more.length > 0 && <MoreSettings tab={tab} state={state} />}
        </section>
      ))}
      <div class="submit">
        <button type="submit">Estimate</button>
        <a href="/">Start over</a>
      </div>
      {SUGGESTIONS}
    </form>
  );
}

/** The one task that all of a tab is for; undefined where it is for both. */
function taskOf({ groups, more }: Tab): string | undefined {
  const [first, ...others] = [...groups, ...more].map(({ task }) => task);
  return others.every((task) => task === first) ? first : undefined;
}

function hasError(tab: Tab, state: FormState): boolean {
  return [...tab.groups, ...tab.more].some(({ fields }) =>
    fields.some(({ path }) => state.errors.has(path))
  );
}
