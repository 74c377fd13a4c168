// Rows and repeated text fields without a round trip. Every button also works without this:
// the server adds, moves and takes out by the same names.

const words = document.getElementById("work-words")?.dataset ?? {};

function changed(form) {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

for (const part of document.querySelectorAll("[data-rows]")) {
  const name = part.dataset.rows;
  const list = part.querySelector("[data-list]");
  const template = part.querySelector("template");
  const add = part.querySelector("[data-add]");
  const told = part.querySelector("[data-told]");
  const total = part.querySelector(`[name="${name}-TOTAL_FORMS"]`);
  const bin = part.appendChild(document.createElement("div"));
  bin.hidden = true;

  function number() {
    const rows = [...list.children];
    rows.forEach((row, place) => {
      row.querySelector('[name$="-position"]').value = place;
      for (const node of row.querySelectorAll("[data-number], [data-name]")) node.textContent = `${part.dataset.one} ${place + 1}`;
    });
    add.disabled = rows.length >= Number(part.dataset.most);
  }

  function tell(text, undo) {
    told.replaceChildren(text, " ");
    if (!undo) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "link-btn", textContent: words.undo });
    button.addEventListener("click", undo);
    told.append(button);
  }

  add.addEventListener("click", (event) => {
    event.preventDefault();
    const index = Number(total.value);
    total.value = index + 1;
    const holder = document.createElement("div");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", index);
    const row = list.appendChild(holder.firstElementChild);
    number();
    tell(words.added);
    row.querySelector("input:not([type=hidden]), select, textarea").focus();
    changed(part.closest("form"));
  });

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove], [data-move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("[data-row]");
    if (button.dataset.move) {
      const other = button.dataset.move === "up" ? row.previousElementSibling : row.nextElementSibling;
      if (!other) return;
      if (button.dataset.move === "up") other.before(row);
      else other.after(row);
      number();
      tell(words.moved);
      (button.checkVisibility?.() ?? true ? button : row.querySelector("[data-move]:not([data-move='" + button.dataset.move + "'])")).focus();
    } else {
      const next = row.nextElementSibling;
      const out = row.querySelector('[name$="-DELETE"]');
      out.value = "on";
      bin.append(row);
      number();
      add.focus();
      tell(words.removed, () => {
        out.value = "";
        if (next?.parentNode === list) next.before(row);
        else list.append(row);
        number();
        tell("");
        row.querySelector("input:not([type=hidden]), select, textarea").focus();
        changed(part.closest("form"));
      });
    }
    changed(part.closest("form"));
  });
}

for (const texts of document.querySelectorAll("[data-texts]")) {
  const add = texts.querySelector("button");
  add?.addEventListener("click", (event) => {
    event.preventDefault();
    const inputs = texts.querySelectorAll("input");
    const last = inputs[inputs.length - 1];
    const more = last.cloneNode();
    more.value = "";
    more.id = last.id.replace(/\d+$/, inputs.length);
    more.setAttribute("aria-label", last.getAttribute("aria-label").replace(/\d+/, inputs.length + 1));
    last.after(more);
    more.focus();
  });
}
