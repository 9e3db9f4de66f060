// How the model gets into the form: a name is looked up once it stands, not
// while it is typed; a config.json is sent once it is chosen.
(() => {
  const form = document.getElementById("scenario");
  const name = document.getElementById("f-model");
  const standing = document.getElementById("look-up");
  const file = document.getElementById("f-config_file");
  const answer = document.getElementById("answer");
  if (!form || !name || !standing || !answer) return;

  function lookUp() {
    standing.value = name.value;
    form.requestSubmit();
  }

  name.addEventListener("change", () => {
    if (standing.value !== name.value) lookUp();
  });
  // Enter sends the form before the field says that it has changed.
  form.addEventListener("submit", () => {
    standing.value = name.value;
  }, true);
  answer.addEventListener("click", (event) => {
    if (!event.target.closest("[data-look-up]")) return;
    event.preventDefault();
    lookUp();
  });

  if (!file) return;
  // The file goes on its own: the form's answer would replace what is said of it.
  file.addEventListener("input", (event) => event.stopPropagation());
  file.addEventListener("change", (event) => {
    const field = file.closest(".field");
    field.querySelector(".error")?.remove();
    const [chosen] = file.files;
    const limit = Number(file.dataset.maxBytes);
    if (chosen && chosen.size <= limit) return;
    event.stopImmediatePropagation();
    if (!chosen) return;
    const message = document.createElement("p");
    message.className = "error";
    message.setAttribute("role", "alert");
    message.textContent =
      `model.config must have at most ${limit} bytes: the file "${chosen.name}" has ${chosen.size}`;
    field.append(message);
    file.value = "";
  }, true);
})();
