// The model's name as a combobox: the list that browsers complete from, shown
// with size and kind, and found by any words of them. An answer waits until the
// search is over.
(() => {
  const input = document.getElementById("f-model");
  const list = document.getElementById("models");
  if (!input || !list) return;

  const SHOWN = 50;
  const models = [...list.options].map((option) => {
    const about = option.textContent;
    return {
      id: option.value,
      about,
      text: `${option.value} ${about} ${about.replace(" ", "")}`.toLowerCase(),
    };
  });
  const ids = new Set(models.map(({ id }) => id.toLowerCase()));

  const popup = document.createElement("div");
  popup.className = "popup";
  popup.hidden = true;
  const box = document.createElement("ul");
  box.id = "models-found";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Models of the catalogue");
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  popup.append(box, count);
  const around = document.createElement("div");
  around.className = "combobox";
  input.replaceWith(around);
  around.append(input, popup);
  input.removeAttribute("list");
  for (
    const [key, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": box.id,
      "aria-expanded": "false",
    })
  ) input.setAttribute(key, value);

  let active = -1;

  function find(query) {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word);
    const rank = ({ text }) =>
      words.filter((word) => {
        const at = text.indexOf(word);
        return at > 0 && /[a-z0-9.]/.test(text[at - 1]);
      }).length;
    return models
      .filter(({ text }) => words.every((word) => text.includes(word)))
      .map((model) => ({ model, inside: rank(model) }))
      .sort((a, b) => a.inside - b.inside)
      .map(({ model }) => model);
  }

  function show(found) {
    active = -1;
    input.removeAttribute("aria-activedescendant");
    box.replaceChildren(
      ...found.slice(0, SHOWN).map(({ id, about }, at) => {
        const item = document.createElement("li");
        item.id = `model-${at}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.id = id;
        const name = document.createElement("span");
        name.textContent = id;
        const facts = document.createElement("span");
        facts.className = "about";
        facts.textContent = about;
        item.append(name, " ", facts);
        return item;
      }),
    );
    count.textContent = found.length === 1
      ? "1 model"
      : found.length > SHOWN
      ? `${found.length} models, the first ${SHOWN} shown`
      : `${found.length} models`;
    toggle(found.length > 0);
  }

  function toggle(open) {
    popup.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) {
      active = -1;
      input.removeAttribute("aria-activedescendant");
    }
  }

  function activate(at) {
    const items = box.children;
    if (items.length === 0) return;
    items[active]?.setAttribute("aria-selected", "false");
    active = (at + items.length) % items.length;
    const item = items[active];
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", item.id);
  }

  function choose(item) {
    input.value = item.dataset.id;
    toggle(false);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Shows what there is to choose: all where the name is whole already.
  function open() {
    const typed = input.value.trim();
    show(ids.has(typed.toLowerCase()) ? models : find(typed));
  }

  // Whether the model is told without a name.
  function isDescribed() {
    return [...input.form.elements].some(({ name, value }) =>
      name?.startsWith("model.") && value.trim() !== ""
    );
  }

  input.addEventListener("input", (event) => {
    const typed = input.value.trim();
    const found = find(typed);
    show(found);
    const whole = typed === "" ? isDescribed() : ids.has(typed.toLowerCase());
    if (!whole && found.length > 0) event.stopPropagation();
  });
  input.addEventListener("click", () => {
    if (!popup.hidden) return;
    open();
  });
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      const step = key === "ArrowDown" ? 1 : -1;
      if (popup.hidden) {
        open();
        activate(step > 0 ? 0 : -1);
      } else activate(active === -1 && step < 0 ? -1 : active + step);
    } else if (key === "Enter") {
      const item = box.children[active];
      if (!popup.hidden && item) {
        event.preventDefault();
        choose(item);
      } else toggle(false);
    } else if (key === "Escape" && !popup.hidden) {
      event.preventDefault();
      toggle(false);
    }
  });
  input.addEventListener("blur", () => toggle(false));
  // A press must not take the focus from the field before the choice is made.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", ({ target }) => {
    const item = target.closest("[role=option]");
    if (item) choose(item);
  });
})();
