// What copies: a link its own address or its text, a button the text of another
// element. It says so, to the eye and to screen readers.
(() => {
  const SHOWN_MS = 2000;

  function textOf({ dataset, href }) {
    if (dataset.copies) {
      return document.getElementById(dataset.copies)?.textContent ?? "";
    }
    return dataset.copy === "" ? href : dataset.copy;
  }

  // Without a clipboard, as on a plain HTTP address, a selection is copied.
  async function copy(text) {
    if (navigator.clipboard) return await navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error();
  }

  document.addEventListener("click", async (event) => {
    const asked = event.target.closest("[data-copy], [data-copies]");
    if (!asked || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const usual = asked.dataset.usual ??= asked.textContent;
    let said = "Copied";
    try {
      await copy(textOf(asked));
    } catch {
      said = "The browser does not let this page copy";
    }
    asked.textContent = said;
    const status = document.getElementById("said");
    if (status) status.textContent = said;
    setTimeout(() => {
      asked.textContent = usual;
    }, SHOWN_MS);
  });
})();
