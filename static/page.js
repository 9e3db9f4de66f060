// What the page does beyond htmx: it marks the controls that the last answer
// refused, keeps unfolded what was, says the verdict to screen readers, and
// makes of each change a step that Back undoes.
(() => {
  const answer = document.getElementById("answer");
  if (!answer) return;
  const form = document.getElementById("scenario");
  const status = document.getElementById("said");

  function mark() {
    for (
      const control of document.querySelectorAll("#scenario [aria-invalid]")
    ) {
      control.removeAttribute("aria-invalid");
    }
    for (const message of document.querySelectorAll("#scenario .error")) {
      message.remove();
    }
    for (const problem of answer.querySelectorAll("[data-problem]")) {
      const id = `f-${problem.dataset.problem.replaceAll(".", "-")}`;
      document.getElementById(id)?.setAttribute("aria-invalid", "true");
    }
  }

  function reveal(event) {
    const link = event.target.closest("[data-problem] a");
    if (!link) return;
    const control = document.getElementById(link.hash.slice(1));
    const panel = control?.closest(".panel");
    if (!panel) return;
    event.preventDefault();
    document.getElementById(panel.id.replace("panel-", "tab-")).checked = true;
    control.closest("details")?.setAttribute("open", "");
    control.focus();
  }

  // An answer is written anew each time; what was unfolded stays so.
  const unfolded = new Set();

  function nameOf(details) {
    const summary = details.querySelector("summary");
    return summary?.getAttribute("aria-label") ?? summary?.textContent;
  }

  function remember({ target }) {
    if (target.open) unfolded.add(nameOf(target));
    else unfolded.delete(nameOf(target));
  }

  function unfold() {
    for (const details of answer.querySelectorAll("details")) {
      if (unfolded.has(nameOf(details))) details.open = true;
    }
  }

  // A refusal is an alert of its own.
  function say() {
    if (!status) return;
    const title = answer.querySelector("[data-said]") ??
      answer.querySelector("h2");
    const text = title?.closest("[role=alert]") ? "" : title?.textContent ?? "";
    const said = text.replaceAll(/\s+/g, " ").trim();
    if (status.textContent !== said) status.textContent = said;
  }

  // The links at the top take along what the address holds by now.
  function carry() {
    const now = [...new URLSearchParams(location.search)].filter(([name]) =>
      /\.|^(model|task|method|count_from)$/.test(name)
    );
    for (const link of document.querySelectorAll("[data-carries]")) {
      const own = now.filter(([name]) =>
        link.dataset.carries === "scenario" || /^model(\.|$)/.test(name)
      );
      const query = String(new URLSearchParams(own));
      link.setAttribute("href", `${link.pathname}${query && `?${query}`}`);
    }
  }

  // Settings that do not matter beside the others are out of the way.
  let traits = null;

  function holds(clause, values) {
    const [, path, operator, text] = clause.match(/^([^=!~]+)([=!~])(.*)$/);
    const value = path[0] === "#"
      ? String(traits.includes(path.slice(1)))
      : values.get(path) ?? "";
    if (operator === "~") return new RegExp(text).test(value);
    return text.split(",").includes(value) === (operator === "=");
  }

  function matter() {
    const told = answer.querySelector("[data-traits]");
    if (told) traits = told.dataset.traits.split(" ");
    if (traits === null) return;
    const values = new Map(new FormData(form));
    for (const field of form.querySelectorAll("[data-needs]")) {
      const { needs, usual = "" } = field.dataset;
      const { name } = field.querySelector("[name]");
      const isSet = values.get(name) !== usual ||
        field.querySelector("[aria-invalid]");
      const matters = needs.split(" | ").some((all) =>
        all.split(" & ").every((clause) => holds(clause, values))
      );
      field.classList.toggle("idle", !isSet && !matters);
    }
    for (const group of form.querySelectorAll(".group")) {
      const fields = [...group.querySelectorAll(".field")];
      group.classList.toggle(
        "idle",
        fields.length > 0 &&
          fields.every((field) => field.classList.contains("idle")),
      );
    }
  }

  // On a phone what is unfolded elsewhere is folded first.
  function fold() {
    if (!form || !matchMedia("(max-width: 40rem)").matches) return;
    for (const details of answer.querySelectorAll("[data-folds]")) {
      details.open = false;
    }
  }

  function renewed() {
    mark();
    fold();
    unfold();
    say();
    if (form) carry();
    if (form) matter();
    here();
  }

  // Texts that name this server, which it does not know behind a proxy.
  function here() {
    for (const text of answer.querySelectorAll("[data-here]")) {
      text.textContent = text.textContent.replaceAll(
        text.dataset.here,
        location.origin,
      );
    }
  }

  // One step for all that is typed into a control until it is left.
  let editing = null;

  function step(control) {
    if (control === editing) return;
    editing = control;
    // htmx loads anew what it finds marked so.
    history.replaceState({ htmx: true }, "");
    history.pushState({ htmx: true }, "");
  }

  form?.addEventListener("input", ({ target }) => step(target));
  form?.addEventListener("change", () => {
    editing = null;
    matter();
  });
  // A model that is chosen from the list is sent without having been typed.
  form?.addEventListener("submit", ({ submitter }) => {
    if (editing === null && !submitter) step(form);
    editing = null;
  }, true);

  // A refused configuration leaves the scenario as it stands.
  document.getElementById("import")?.addEventListener("submit", () => {
    document.getElementById("import-scenario").value = location.search.slice(1);
  });

  answer.addEventListener("toggle", remember, true);
  new MutationObserver(renewed).observe(answer, { childList: true });
  answer.addEventListener("click", reveal);
  fold();
  here();
})();
