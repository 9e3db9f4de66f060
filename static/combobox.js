// The model's name as a combobox: the models that the server finds by what is
// typed, shown with size and kind. An answer waits until the search is over.
(() => {
  const input = document.getElementById("f-model");
  if (!input) return;

  const KEPT = 200;
  const PAUSE_MS = 80;
  const kept = new Map();
  let latest = 0;
  let passing = false;
  let searched = Promise.resolve();
  let moved = Promise.resolve();

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
  for (
    const [key, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": box.id,
      "aria-expanded": "false",
    })
  ) input.setAttribute(key, value);

  let active = -1;

  // What is found by a text, and how many there are beside; null without a server.
  async function find(typed) {
    const known = kept.get(typed);
    if (known) return known;
    try {
      const response = await fetch(
        `/models/found?model=${encodeURIComponent(typed)}`,
      );
      if (!response.ok) return null;
      const list = document.createElement("template");
      list.innerHTML = await response.text();
      const found = {
        models: [...list.content.querySelectorAll("option")].map((option) => ({
          id: option.value,
          about: option.textContent,
        })),
        all: Number(response.headers.get("Models-Found")),
      };
      if (kept.size >= KEPT) kept.clear();
      kept.set(typed, found);
      return found;
    } catch {
      return null;
    }
  }

  function isWhole({ models }, typed) {
    return models.some(({ id }) => id.toLowerCase() === typed.toLowerCase());
  }

  function show({ models, all }, typed) {
    popup.dataset.found = typed;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    box.replaceChildren(
      ...models.map(({ id, about }, at) => {
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
    count.textContent = all === 1
      ? "1 model"
      : all > models.length
      ? `${all} models, the first ${models.length} shown`
      : `${all} models`;
    toggle(models.length > 0);
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
    latest++;
    input.value = item.dataset.id;
    toggle(false);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Shows what there is to choose: all where the name is whole already.
  async function open() {
    const typed = input.value.trim();
    const mine = ++latest;
    let found = await find(typed);
    if (found && isWhole(found, typed)) found = await find("");
    if (found && mine === latest) show(found, typed);
  }

  // Whether the model is told without a name.
  function isDescribed() {
    return [...input.form.elements].some(({ name, value }) =>
      name?.startsWith("model.") && value.trim() !== ""
    );
  }

  // Lets the form know of what was typed, once it is no search.
  function pass() {
    passing = true;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    passing = false;
  }

  async function search() {
    const typed = input.value.trim();
    const mine = ++latest;
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    if (mine !== latest) return;
    const found = await find(typed);
    if (mine !== latest) return;
    if (found && document.activeElement === input) show(found, typed);
    const whole = typed === "" ? isDescribed() : found && isWhole(found, typed);
    if (whole || !found || found.models.length === 0) pass();
  }

  // Goes up or down the list of what stands in the field by then.
  async function move(step) {
    await searched;
    if (popup.hidden) {
      await open();
      activate(step > 0 ? 0 : -1);
    } else activate(active === -1 && step < 0 ? -1 : active + step);
  }

  input.addEventListener("input", (event) => {
    if (passing) return;
    event.stopPropagation();
    searched = search();
  });
  input.addEventListener("click", () => {
    if (!popup.hidden) return;
    open();
  });
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      moved = moved.then(() => move(key === "ArrowDown" ? 1 : -1));
    } else if (key === "Enter") {
      const item = box.children[active];
      if (!popup.hidden && item) {
        event.preventDefault();
        choose(item);
      } else {
        latest++;
        toggle(false);
      }
    } else if (key === "Escape" && !popup.hidden) {
      event.preventDefault();
      toggle(false);
    }
  });
  input.addEventListener("blur", () => {
    latest++;
    toggle(false);
  });
  // A press must not take the focus from the field before the choice is made.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", ({ target }) => {
    const item = target.closest("[role=option]");
    if (item) choose(item);
  });
})();
