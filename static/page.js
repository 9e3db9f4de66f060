// What the page does beyond htmx: it marks the controls that the last answer
// refused, so that a screen reader and the eye find them, and keeps unfolded
// what was.
(() => {
  const answer = document.getElementById("answer");
  if (!answer) return;

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

  function remember({ target }) {
    const name = target.querySelector("summary")?.textContent;
    if (target.open) unfolded.add(name);
    else unfolded.delete(name);
  }

  function unfold() {
    for (const details of answer.querySelectorAll("details")) {
      const name = details.querySelector("summary")?.textContent;
      if (unfolded.has(name)) details.open = true;
    }
  }

  function renewed() {
    mark();
    unfold();
  }

  // A refused configuration leaves the scenario as it stands.
  document.getElementById("import")?.addEventListener("submit", () => {
    document.getElementById("import-scenario").value = location.search.slice(1);
  });

  answer.addEventListener("toggle", remember, true);
  new MutationObserver(renewed).observe(answer, { childList: true });
  answer.addEventListener("click", reveal);
})();
