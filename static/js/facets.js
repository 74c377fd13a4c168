// Filters answer at once. Without this script, or when it fails, the form is sent as usual.
const form = document.getElementById("filters");
const said = form.parentNode.appendChild(document.createElement("p"));
said.className = "vh";
said.setAttribute("role", "status");
const question = () => new URLSearchParams(new FormData(form)).toString();
let asked;
let answered = question();
let shown = location.search;

const boxIn = (part, { name, value }) =>
  part.querySelector(`[name="${name}"][value="${CSS.escape(value)}"]`);

// The tick boxes stay where they are, only their numbers change; the results are new.
function number(groups) {
  form.querySelectorAll(".facet").forEach((label) => {
    const twin = boxIn(groups, label.firstElementChild)?.parentNode;
    label.classList.toggle("facet-0", !twin || twin.matches(".facet-0"));
    for (const part of [".n", ".bar"]) {
      const now = twin?.querySelector(part);
      if (now) label.querySelector(part)?.replaceWith(now);
    }
    if (!twin) {
      label.querySelector(".n").textContent = "0";
      label.querySelector(".bar rect")?.setAttribute("width", "0%");
    }
  });
}

// Answers that have values the page does not list bring the whole lists; what was open stays so.
function renew(groups) {
  const names = (part) => [...part.querySelectorAll("details > summary .vh")];
  const opened = names(form)
    .filter((name) => name.closest("details").open)
    .map((name) => name.textContent);
  names(groups).forEach((name) => {
    name.closest("details").open = opened.includes(name.textContent);
  });
  const { name, value, type } = document.activeElement;
  document.getElementById("facet-groups").replaceWith(groups);
  if (type !== "checkbox") return;
  const box = boxIn(form, { name, value });
  const list = box?.closest("details");
  if (list) list.open = true;
  box?.focus({ preventScroll: true });
}

function place(page) {
  const groups = page.getElementById("facet-groups");
  const isNew = (box) => !boxIn(form, box);
  if ([...groups.querySelectorAll(".facet > input")].some(isNew)) renew(groups);
  else number(groups);
  page.querySelectorAll("[data-swap]").forEach((part) => {
    document.getElementById(part.id)?.replaceWith(part);
  });
  const focused = document.activeElement.id;
  const results = page.getElementById("results");
  document.getElementById("results").replaceWith(results);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = results.dataset.title;
  form.querySelector(".sheet-foot button").textContent = results.dataset.show;
  said.textContent = document.getElementById("results-count").textContent;
}

async function ask() {
  const query = question();
  const url = `${form.action}?${query}`;
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: asked.signal });
    if (!answer.ok) throw new Error(answer.status);
    place(new DOMParser().parseFromString(await answer.text(), "text/html"));
    history.pushState(null, "", document.getElementById("results").dataset.url + location.hash);
    answered = query;
    shown = location.search;
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.form === form && target.type !== "search") ask();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (question() !== answered) await ask();
  if (location.hash) location.hash = "results"; // closes the sheet on phones
  document.getElementById("results-count").focus();
});
addEventListener("popstate", () => {
  if (location.search !== shown) location.reload();
});
