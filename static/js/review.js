// The reviewer's workspace: keeps what is typed on the server, in this browser until the server
// has it; checks of evidence in place; keys for those who want them.

const words = document.getElementById("review-words").dataset;
const form = document.querySelector("form[data-review]");
const WAIT = 1200;
const PAUSES = [5000, 10000, 30000, 60000];
const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* full or closed: the server still gets it */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* nothing to forget */ } },
};

// --- Saving ---------------------------------------------------------------------------------

const kept = `review.${form.dataset.keptAs}`;
const status = form.querySelector("[data-saved]");
let timer;
let busy = false;
let leaving = false;
let failures = 0;
let seen = content();

function content() {
  const own = ["csrfmiddlewaretoken", "opened"];
  const pairs = [...new FormData(form)].filter(([name]) => !own.includes(name));
  return new URLSearchParams(pairs.map(([name, value]) => [name, value.trim()])).toString();
}

function say(text, bad = false, more = "") {
  status.replaceChildren(text, " ", more);
  status.classList.toggle("bad", bad);
}

function remember(more = {}) {
  store.set(kept, JSON.stringify({ content: content(), opened: form.elements.opened.value, ...more }));
}

function typed() {
  clearTimeout(timer);
  timer = setTimeout(save, WAIT);
  remember();
}

async function save() {
  clearTimeout(timer);
  if (leaving || (content() === seen && !failures)) return;
  if (busy) {
    timer = setTimeout(save, WAIT);
    return;
  }
  busy = true;
  say(words.saving);
  await post();
  busy = false;
}

async function post(keepalive = false) {
  const sent = content();
  const body = new URLSearchParams(new FormData(form));
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": body.get("csrfmiddlewaretoken") ?? "", Accept: "application/json" },
      keepalive: keepalive && body.toString().length < 60000,
      redirect: "manual",
    });
  } catch {
    failed();
    return;
  }
  const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : null;
  if (answer.ok && told) {
    failures = 0;
    form.elements.opened.value = told.opened;
    seen = sent;
    if (told.problem) say(told.problem, true);
    else {
      if (content() === sent) store.drop(kept);
      say(told.message);
    }
  } else if (answer.status === 401) signedOut(told?.login ?? "/");
  else if (answer.status === 403 && !told && (await renewToken())) {
    failures += 1;
    timer = setTimeout(save, 300);
  } else if (told?.error) {
    seen = sent;
    say(told.error, true);
  } else failed();
}

function failed() {
  const wait = PAUSES[Math.min(failures, PAUSES.length - 1)];
  failures += 1;
  remember();
  clearTimeout(timer);
  timer = setTimeout(save, wait);
  const again = Object.assign(document.createElement("button"), { type: "button", className: "link-btn", textContent: words.again });
  again.addEventListener("click", save);
  say(words.offline, true, again);
}

function signedOut(login) {
  failures += 1;
  remember();
  const link = Object.assign(document.createElement("a"), {
    href: `${login}?next=${encodeURIComponent(location.pathname)}`, target: "_blank", rel: "noopener", textContent: words.signIn,
  });
  say(words.login, true, link);
  clearTimeout(timer);
  timer = setTimeout(save, 15000);
}

// After signing in anew the page needs the new token; the text stays where it is.
let renewing = false;
async function renewToken() {
  if (renewing) return false;
  renewing = true;
  setTimeout(() => { renewing = false; }, 10000);
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) if (fresh) input.value = fresh;
    return Boolean(fresh);
  } catch {
    return false;
  }
}

// What this browser kept and the server never got. Its marks come back with it, so that the
// server still knows what it was typed onto.
function restore() {
  let old;
  try {
    old = JSON.parse(store.get(kept) ?? "null");
  } catch {
    old = null;
  }
  if (!old?.content || old.content === seen) {
    store.drop(kept);
    return;
  }
  if (old.sent && old.opened !== form.elements.opened.value) {
    store.drop(kept); // it arrived
    return;
  }
  const values = new URLSearchParams(old.content);
  const places = {};
  for (const control of form.elements) {
    const { name, type } = control;
    if (!name || type === "hidden" || type === "submit") continue;
    if (type === "radio" || type === "checkbox") control.checked = values.getAll(name).includes(control.value);
    else {
      const value = values.getAll(name)[(places[name] = (places[name] ?? -1) + 1)];
      if (value !== undefined) control.value = value;
    }
  }
  if (content() === seen) {
    store.drop(kept);
    return;
  }
  if (old.opened) form.elements.opened.value = old.opened;
  const note = Object.assign(document.createElement("div"), { className: "note note-info" });
  note.setAttribute("role", "status");
  const forget = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-2 btn-s", textContent: words.forget });
  forget.addEventListener("click", () => {
    leaving = true;
    store.drop(kept);
    location.reload();
  });
  note.append(words.restored, " ", forget);
  form.before(note);
  typed();
}

// --- What is done and what lacks --------------------------------------------------------------

const parts = [...form.querySelectorAll("[data-criterion]")];
const from = Number(words.citesFrom);

function lackOf(part) {
  const chosen = part.querySelector('.scores input:checked')?.value;
  if (chosen === undefined) return "value";
  if (!part.querySelector("textarea").value.trim()) return "reason";
  return Number(chosen) >= from && !part.querySelector(".cites input:checked") ? "cites" : "done";
}

function show() {
  let done = 0;
  for (const part of parts) {
    const link = document.querySelector(`[data-goes="${part.dataset.criterion}"]`);
    const lack = lackOf(part);
    const chosen = part.querySelector(".scores input:checked");
    for (const card of part.querySelectorAll(".score-card")) card.classList.toggle("is-chosen", card.contains(chosen));
    link.classList.toggle("is-done", lack === "done");
    link.querySelector("[data-lack]").textContent = words[lack];
    link.querySelector("[data-got]").textContent = chosen ? (chosen.value === "cannot" ? "–" : chosen.value) : "";
    done += lack === "done";
  }
  for (const place of document.querySelectorAll("[data-done]")) if (place.id !== "review-words") place.textContent = done;
}

// --- Checks of evidence -------------------------------------------------------------------------

for (const check of document.querySelectorAll("form[data-check]")) {
  check.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(check));
    const line = check.querySelector("[data-told]");
    try {
      const answer = await fetch(check.action, {
        method: "POST", body, redirect: "manual",
        headers: { "X-CSRFToken": body.get("csrfmiddlewaretoken"), Accept: "application/json" },
      });
      const told = await answer.json();
      line.textContent = told.message ?? told.error ?? words.offline;
      if (!told.message) return;
      const ref = body.get("ref");
      check.closest("details").querySelector("[data-found]").textContent = told.message;
      for (const place of document.querySelectorAll(`[data-found-of="${ref}"]`)) place.textContent = told.message;
    } catch {
      line.textContent = words.offline;
    }
  });
}

// A link to a check opens it.
function unfold() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place?.matches("details.found")) place.open = true;
}

// --- Keys -----------------------------------------------------------------------------------------

const help = document.querySelector("[data-keys]");
const stops = [...parts, document.getElementById("whole")];
let keys = store.get("review.keys") !== "off";
let here = null;

function current() {
  const focused = document.activeElement?.closest?.("[data-criterion], #whole");
  if (focused) return focused;
  if (here && Math.abs(here.getBoundingClientRect().top) < window.innerHeight) return here;
  return stops.find((part) => part.getBoundingClientRect().bottom > window.innerHeight * 0.3) ?? null;
}

function go(part) {
  if (!part) return;
  here = part;
  part.scrollIntoView({ block: "start" });
  part.querySelector("h2").focus({ preventScroll: true });
}

function pressed(event) {
  if (!keys || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])")) return;
  const key = event.key.toLowerCase();
  const part = current();
  if (key === "j" || key === "k") {
    const place = part ? stops.indexOf(part) : -1;
    const top = part?.getBoundingClientRect().top ?? 0;
    const onIt = part === here || part?.contains(document.activeElement) || top < 40;
    go(stops[key === "k" ? Math.max(place - 1, 0) : Math.min(place + (onIt ? 1 : 0), stops.length - 1)]);
  } else if ((/^[0-4]$/.test(key) || key === "c") && part?.dataset.criterion) {
    const radio = part.querySelector(`.scores input[value="${key === "c" ? "cannot" : key}"]`);
    radio.checked = true;
    radio.focus();
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  } else return;
  event.preventDefault();
}

function tellKeys() {
  const button = help.querySelector("button");
  button.textContent = keys ? words.keysOff : words.keysOn;
  button.setAttribute("aria-pressed", String(!keys));
}

help.hidden = false;
help.querySelector("button").addEventListener("click", () => {
  keys = !keys;
  store.set("review.keys", keys ? "on" : "off");
  tellKeys();
});
tellKeys();

// The criterion being read stands out in the list.
if ("IntersectionObserver" in window) {
  const shown = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) shown[isIntersecting ? "add" : "delete"](target);
    const first = stops.find((part) => shown.has(part));
    for (const link of document.querySelectorAll(".track li a")) link.toggleAttribute("aria-current", false);
    if (first) document.querySelector(`.track a[href="#${first.id}"]`)?.setAttribute("aria-current", "true");
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const part of stops) watch.observe(part);
}

for (const place of document.querySelectorAll("[data-noscript]")) place.hidden = true;
form.addEventListener("input", () => { show(); typed(); });
form.addEventListener("change", () => { show(); typed(); });
form.addEventListener("submit", ({ submitter }) => {
  leaving = true;
  clearTimeout(timer);
  if (submitter?.name === "take") store.drop(kept);
  else remember({ sent: true });
});
document.addEventListener("keydown", pressed);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && !leaving && content() !== seen) post(true);
});
window.addEventListener("pagehide", () => { if (!leaving && content() !== seen) post(true); });
window.addEventListener("online", save);
window.addEventListener("hashchange", unfold);
restore();
show();
unfold();
