// Says how long an answer is while it is typed. Nothing is cut off.

const words = document.getElementById("work-words")?.dataset ?? {};

function lengthOf(control) {
  if (!control.isContentEditable) return control.value.trim().length;
  return control.innerText.replace(/\n{2,}/g, "\n").trim().length;
}

function say(control) {
  const line = document.getElementById(`${control.id}_count`);
  const most = Number(control.dataset.most);
  if (!line || !most) return;
  const used = lengthOf(control);
  const over = used > most;
  line.textContent = over
    ? words.over.replace("{over}", used - most)
    : words.of.replace("{used}", used).replace("{most}", most);
  line.classList.toggle("over", over);
  // Spoken only where it begins to matter.
  line.setAttribute("aria-live", used > most * 0.9 ? "polite" : "off");
}

let timer;
for (const form of document.querySelectorAll("form[data-work]")) {
  form.addEventListener("input", ({ target }) => {
    const control = target.editor?.region ?? target;
    if (!control.dataset?.most) return;
    clearTimeout(timer);
    timer = setTimeout(say, 300, control);
  });
}
