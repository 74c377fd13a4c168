// Suggestions below a search box. Without this script, or when it fails, the form is sent as usual.
const SHORTEST = 2;

document.querySelectorAll("input[data-suggest]").forEach((input, number) => {
  const place = document.createElement("div");
  const said = document.createElement("p");
  const id = `suggest-${number}`;
  said.className = "vh";
  said.setAttribute("role", "status");
  input.closest(".search").append(place);
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": id,
  })) input.setAttribute(name, value);

  let timer;
  let asked;
  const options = () => [...place.querySelectorAll('[role="option"]')];
  const chosen = () => place.querySelector('[aria-selected="true"]');

  function close() {
    clearTimeout(timer);
    asked?.abort();
    place.replaceChildren();
    said.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async function look() {
    const typed = input.value.trim();
    asked?.abort();
    if (typed.length < SHORTEST) return close();
    asked = new AbortController();
    try {
      const query = new URLSearchParams({ q: typed });
      const answer = await fetch(`${input.dataset.suggest}?${query}`, { signal: asked.signal });
      if (!answer.ok) return close();
      const html = await answer.text();
      if (document.activeElement !== input) return;
      place.innerHTML = html;
      const list = place.firstElementChild;
      if (list) list.id = id;
      options().forEach((option, i) => { option.id = `${id}-${i}`; });
      input.setAttribute("aria-expanded", String(Boolean(list)));
      input.removeAttribute("aria-activedescendant");
      said.textContent = list?.dataset.say ?? "";
    } catch {
      // Only a convenience.
    }
  }

  // What is said aloud has its place from when somebody is in the box.
  input.addEventListener("focus", () => place.after(said));
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "Escape" && all.length) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && all.length) {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? all.length - 1 : at - 1;
      choose(all[next]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      location.assign(all[at].dataset.url);
    }
  });
  place.addEventListener("pointerdown", (event) => event.preventDefault());
  place.addEventListener("click", ({ target }) => {
    const option = target.closest('[role="option"]');
    if (option) location.assign(option.dataset.url);
  });
  input.addEventListener("blur", close);
});
