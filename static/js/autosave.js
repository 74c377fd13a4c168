// Keeps what is typed: on the server a moment after typing stops, in this browser until the
// server has it. Says plainly when it could not, and tries again.

const words = document.getElementById("work-words")?.dataset ?? {};
const WAIT = 1500;
const PAUSES = [5000, 10000, 30000, 60000];

class Keeper {
  constructor(form) {
    this.form = form;
    this.key = `draft.${form.dataset.keptAs}`;
    this.status = form.querySelector("[data-saved]");
    this.failures = 0;
    this.seen = this.body().toString();
    this.restore();
    form.addEventListener("input", () => this.typed());
    form.addEventListener("change", () => this.typed());
    form.addEventListener("submit", () => this.leaving());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.flush();
    });
    window.addEventListener("pagehide", () => this.flush());
    window.addEventListener("online", () => this.save());
  }

  // The page as it would be sent, without its files: they are sent with the form itself.
  body() {
    const pairs = [...new FormData(this.form)].filter(([, value]) => typeof value === "string");
    return new URLSearchParams(pairs);
  }

  content() {
    const body = this.body();
    body.delete("csrfmiddlewaretoken");
    return body.toString();
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), WAIT);
    this.remember();
  }

  remember(more = {}) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ content: this.content(), ...more }));
    } catch {
      // A full or closed store: the server still gets it.
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing to forget.
    }
  }

  leaving() {
    clearTimeout(this.timer);
    this.sent = true;
    this.remember({ sent: true });
  }

  flush() {
    if (this.sent || this.body().toString() === this.seen) return;
    clearTimeout(this.timer);
    this.post(true);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.sent) return;
    const body = this.body().toString();
    if (body === this.seen && !this.failures) return;
    if (this.busy) {
      this.timer = setTimeout(() => this.save(), WAIT);
      return;
    }
    this.busy = true;
    await this.post(false);
    this.busy = false;
  }

  async post(keepalive) {
    const body = this.body();
    const sent = body.toString();
    const token = body.get("csrfmiddlewaretoken") ?? "";
    let answer;
    try {
      answer = await fetch(this.form.dataset.autosave, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token, Accept: "application/json" },
        keepalive: keepalive && sent.length < 60000,
        redirect: "manual",
      });
    } catch {
      this.failed(words.offline);
      return;
    }
    const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : null;
    if (answer.ok && told) this.saved(told, sent);
    else if (answer.status === 401) this.signedOut(told?.login ?? "/");
    else if (answer.status === 403 && !told && (await this.renewToken())) this.soon();
    else if (told?.error) this.say(told.error, true);
    else this.failed(words.offline);
  }

  saved(told, sent) {
    this.failures = 0;
    this.seen = sent;
    if (sent === this.body().toString()) this.forget();
    this.say(told.message);
    if (told.lock?.message && told.lock.message !== this.taken) {
      this.taken = told.lock.message;
      const note = Object.assign(document.createElement("div"), { className: "note note-wait mb", textContent: this.taken });
      note.setAttribute("role", "alert");
      this.form.before(note);
    }
  }

  soon() {
    this.failures += 1;
    this.say(words.saving);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 300);
  }

  failed(text) {
    const wait = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
    this.failures += 1;
    this.remember();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
    const again = Object.assign(document.createElement("button"), { type: "button", className: "link-btn", textContent: words.again });
    again.addEventListener("click", () => this.save());
    this.say(text, true, again);
  }

  signedOut(login) {
    this.failures += 1;
    this.remember();
    const link = Object.assign(document.createElement("a"), {
      href: `${login}?next=${encodeURIComponent(location.pathname)}`,
      target: "_blank",
      rel: "noopener",
      textContent: words.signIn,
    });
    this.say(words.login, true, link);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 15000);
  }

  // After signing in anew the page needs the new token; the text stays where it is.
  async renewToken() {
    if (this.renewing) return false;
    this.renewing = true;
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
      const fresh = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
      for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) if (fresh) input.value = fresh;
      return Boolean(fresh);
    } catch {
      return false;
    } finally {
      setTimeout(() => { this.renewing = false; }, 10000);
    }
  }

  say(text, bad = false, more = "") {
    this.status.replaceChildren(text, " ", more);
    this.status.classList.toggle("saved-bad", bad);
  }

  // What this browser kept and the server never got.
  restore() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      kept = null;
    }
    if (!kept?.content || kept.content === this.content()) {
      this.forget();
      return;
    }
    const values = new URLSearchParams(kept.content);
    const opened = this.form.elements.opened;
    if (kept.sent && values.get("opened") !== opened.value) {
      this.forget(); // it was sent, and the record has changed since: it arrived
      return;
    }
    const before = this.content();
    this.fill(values);
    if (this.content() === before) return;
    const note = Object.assign(document.createElement("div"), { className: "note note-info mb" });
    note.setAttribute("role", "status");
    const forget = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-2 btn-s", textContent: words.forget });
    forget.addEventListener("click", () => {
      this.sent = true;
      this.forget();
      location.reload();
    });
    note.append(words.restored, " ", forget);
    this.form.before(note);
    this.typed();
  }

  fill(values) {
    for (const part of this.form.querySelectorAll("[data-rows]")) {
      const total = part.querySelector(`[name="${part.dataset.rows}-TOTAL_FORMS"]`);
      const wanted = Math.min(Number(values.get(total.name)) || 0, 60);
      const add = part.querySelector("[data-add]");
      while (Number(total.value) < wanted && !add.disabled) add.click();
    }
    for (const texts of this.form.querySelectorAll("[data-texts]")) {
      const wanted = values.getAll(texts.dataset.texts).length;
      for (let n = texts.querySelectorAll("input").length; n < wanted; n += 1) texts.querySelector("button")?.click();
    }
    const places = {};
    for (const control of this.form.elements) {
      const { name, type } = control;
      if (!name || ["csrfmiddlewaretoken", "action", "row"].includes(name) || type === "file" || type === "submit") continue;
      if (type === "checkbox" || type === "radio") {
        control.checked = values.getAll(name).includes(control.value);
        continue;
      }
      const place = (places[name] ??= 0);
      const value = values.getAll(name)[place];
      places[name] += 1;
      if (value === undefined) continue;
      if (control.editor) control.editor.take(value, values.get(`${name}-format`) === "html");
      else control.value = value;
    }
  }
}

for (const form of document.querySelectorAll("form[data-autosave]")) {
  if (!("locked" in form.dataset)) new Keeper(form);
}
