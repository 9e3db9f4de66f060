import { Hono } from "hono";
import { formOfQuery } from "../templates/form/form_state.ts";
import { MoreSettings } from "../templates/form/more_settings.tsx";
import { TABS } from "../templates/form/tabs.ts";
import { ofAddress } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";
import { readPageQuery } from "./page_query.ts";

/**
 * A tab's more settings, for a page that asks for them or whose form changes
 * what matters in it.
 */
export const settingsRoute: Hono = new Hono();

for (const tab of TABS) {
  if (tab.more.length === 0) continue;
  settingsRoute.get(`/settings/${tab.id}`, (c) => {
    const { typed, ...choices } = readPageQuery(pageParameters(c.req.url));
    const state = formOfQuery(typed, [], { ...choices, more: tab.id });
    ofAddress(c);
    return c.html(<MoreSettings tab={tab} state={state} />);
  });
}
