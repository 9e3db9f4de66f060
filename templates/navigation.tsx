import { askedPage, THEME_PARAMETER, THEMES } from "./asked.ts";

/** A page that every page leads to. */
interface NamedPage {
  path: string;
  title: string;
  /** What of the scenario goes along. */
  carries: "scenario" | "model" | null;
}

/** The pages at the top, in their order. */
const PAGES: readonly NamedPage[] = [
  { path: "/", title: "Estimate", carries: "scenario" },
  { path: "/compare", title: "Compare", carries: "scenario" },
  { path: "/strategies", title: "Several GPUs", carries: "scenario" },
  { path: "/tables", title: "Tables", carries: "model" },
  { path: "/explain", title: "Explain an error", carries: "scenario" },
  { path: "/presets", title: "Presets", carries: null },
  { path: "/accuracy", title: "Accuracy", carries: null },
  { path: "/docs", title: "Docs", carries: null },
];

/**
 * The ways to the other pages. They take the scenario of this one along, and the
 * page's script keeps them up to date as the form changes.
 */
export function Navigation(
  { scenario }: {
    /** The query of the page's scenario; "" where it has none. */
    scenario: string;
  },
) {
  const { path: here } = askedPage();
  return (
    <nav aria-label="Pages">
      {PAGES.map(({ path, title, carries }) => (
        <a
          href={`${path}${carriedBy(carries, scenario)}`}
          data-carries={carries ?? undefined}
          aria-current={path === here ? "page" : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}

function carriedBy(carries: NamedPage["carries"], scenario: string): string {
  if (carries === null || scenario === "") return "";
  if (carries === "scenario") return `?${scenario}`;
  const model = scenario.split("&").filter((pair) => /^model[.=]/.test(pair));
  return model.length === 0 ? "" : `?${model.join("&")}`;
}

/**
 * The switch between light and dark. Without scripts each is a link to the same
 * page; with them the choice is kept in the browser.
 */
export function ThemeSwitch() {
  const { path, query } = askedPage();
  const address = (theme: string): string => {
    const changed = new URLSearchParams(query);
    changed.delete(THEME_PARAMETER);
    changed.set(THEME_PARAMETER, theme);
    return `${path}?${changed}`;
  };
  return (
    <p class="theme">
      {THEMES.map((theme) => (
        <a class={`to-${theme}`} href={address(theme)} data-theme-to={theme}>
          {theme === "dark" ? "Dark" : "Light"}{" "}
          <span class="unseen">theme</span>
        </a>
      ))}
    </p>
  );
}
