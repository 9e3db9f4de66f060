// The theme before anything is drawn: the address's, which a frame's host says,
// else what somebody chose here. Frames may have no storage.
(() => {
  const root = document.documentElement;
  const kept = (store) => {
    try {
      return globalThis[store].getItem("theme");
    } catch {
      return null;
    }
  };
  const keep = (store, theme) => {
    try {
      globalThis[store].setItem("theme", theme);
    } catch {
      // Then it lasts as long as the page.
    }
  };

  const asked = root.dataset.theme;
  if (asked) keep("sessionStorage", asked);
  else {
    const theme = kept("sessionStorage") ?? kept("localStorage");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-theme-to]");
    if (!link) return;
    event.preventDefault();
    const theme = link.dataset.themeTo;
    root.dataset.theme = theme;
    keep("sessionStorage", theme);
    keep("localStorage", theme);
    document.querySelector(
      `[data-theme-to="${theme === "dark" ? "light" : "dark"}"]`,
    )?.focus();
    const here = new URL(location.href);
    if (!here.searchParams.has("__theme")) return;
    here.searchParams.delete("__theme");
    history.replaceState(history.state, "", here);
  });
})();
