// Turns text areas with data-rich into a small editor: a bar of marks and a region to type in.
// What the server sent stands in data-html, cleaned. The text area stays the field that is sent:
// it carries HTML as soon as this module runs, and its companion says so. The editor's engine is
// fetched when somebody first puts the cursor into a region; until then, and if it cannot be
// fetched, the region takes plain typing.

const words = document.getElementById("work-words")?.dataset ?? {};
const KEEP = new Set(["P", "BR", "B", "I", "STRONG", "EM", "UL", "OL", "LI", "A", "H3", "H4", "BLOCKQUOTE"]);
const TURN = { H1: "H3", H2: "H3", H5: "H4", H6: "H4", DIV: "P", SECTION: "P", ARTICLE: "P", PRE: "P", TR: "P" };
const DROP = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "SVG", "MATH", "NOSCRIPT", "HEAD", "TITLE", "IMG", "META", "LINK"]);
const ADDRESS = /^(https?:\/\/[^\s/]|mailto:[^\s@]+@)\S*$/i;

function make(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
}

// The same list as the server's, so that pasting shows what saving will keep.
function cleaned(html) {
  // Styles and handlers are dropped below in any case; taken out first, the security policy has
  // nothing to report about a pasted page.
  const bare = html
    .replace(/<style[\s\S]*?<\/style>/gi, "")
    .replace(/\s(?:style|on\w+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi, "");
  const source = new DOMParser().parseFromString(bare, "text/html").body;
  const walk = (from, to) => {
    for (const child of from.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) to.append(child.textContent);
      if (child.nodeType !== Node.ELEMENT_NODE || DROP.has(child.nodeName.toUpperCase())) continue;
      const name = TURN[child.nodeName] ?? child.nodeName;
      if (!KEEP.has(name)) {
        walk(child, to);
        continue;
      }
      const kept = document.createElement(name);
      const href = child.getAttribute("href") ?? "";
      if (name === "A") {
        if (!ADDRESS.test(href)) {
          walk(child, to);
          continue;
        }
        kept.setAttribute("href", href);
      }
      if (name === "H3") kept.setAttribute("aria-level", "2"); // on this page it stands below h1
      walk(child, kept);
      to.append(kept);
    }
    return to;
  };
  return walk(source, document.createDocumentFragment());
}

// Where the selection begins and ends, counted in characters; null when it is elsewhere.
function selected(region) {
  const selection = document.getSelection();
  if (!selection.rangeCount || !region.contains(selection.anchorNode)) return null;
  const range = selection.getRangeAt(0);
  const before = range.cloneRange();
  before.setStart(region, 0);
  const end = before.toString().length;
  return [end - range.toString().length, end];
}

function place(region, offset) {
  const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
  let node;
  let last;
  while ((node = walker.nextNode())) {
    if (offset <= node.length) return [node, offset];
    offset -= node.length;
    last = node;
  }
  return last ? [last, last.length] : null;
}

function select(editor, region, [start, end]) {
  const [from, to] = [place(region, start), place(region, end)];
  if (!from || !to) return;
  const range = document.createRange();
  range.setStart(...from);
  range.setEnd(...to);
  editor.setSelection(range);
}

class Editor {
  constructor(area) {
    this.area = area;
    this.companion = area.form.elements[`${area.name}-format`];
    this.url = area.form.dataset.editor;
    const id = area.id;
    const label = document.querySelector(`label[for="${id}"]`);
    label.id ||= `${id}_label`;
    this.region = make("div", { className: "rich-text", contentEditable: "true" });
    this.region.append(cleaned(area.dataset.html ?? ""));
    for (const [name, value] of Object.entries({
      role: "textbox",
      "aria-multiline": "true",
      "aria-labelledby": label.id,
      "aria-describedby": area.getAttribute("aria-describedby") ?? "",
      lang: area.lang,
      dir: area.dir || "auto",
    })) if (value) this.region.setAttribute(name, value);
    if (area.getAttribute("aria-invalid")) this.region.setAttribute("aria-invalid", "true");
    // Links of the error summary and the label lead to what is seen.
    area.id = `${id}_source`;
    this.region.id = id;
    this.region.dataset.most = area.dataset.most ?? "";
    label.removeAttribute("for");
    label.addEventListener("click", () => this.region.focus());
    this.bar = this.makeBar(label);
    const box = make("div", { className: "rich" }, this.bar, this.region);
    area.after(box);
    area.hidden = true;
    this.region.addEventListener("input", () => this.changed());
    for (const event of ["focusin", "pointerdown"]) {
      box.addEventListener(event, () => this.load(), { once: true });
    }
    this.sync();
    if (location.hash === `#${id}`) this.region.focus();
  }

  makeBar(label) {
    const bar = make("div", { className: "rich-bar" });
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", `${words.toolbar}: ${label.textContent.trim()}`);
    bar.setAttribute("aria-controls", this.region.id);
    this.buttons = [
      ["bold", "b", "B", "B"],
      ["italic", "i", "I", "I"],
      ["bullets", "", "•", "UL"],
      ["numbers", "", "1.", "OL"],
      ["heading", "b", "H", "H3"],
      ["quote", "", "“ ”", "BLOCKQUOTE"],
      ["link", "", "", "A"],
    ].map(([verb, cls, sign, tag], place) => {
      const name = words[verb];
      const button = make("button", { type: "button", className: cls, tabIndex: place ? -1 : 0, title: name });
      button.textContent = sign || name;
      button.setAttribute("aria-label", name);
      button.setAttribute("aria-pressed", "false");
      button.dataset.tag = tag;
      button.addEventListener("click", () => this.press(verb));
      return button;
    });
    bar.append(...this.buttons);
    bar.addEventListener("keydown", (event) => this.rove(event));
    return bar;
  }

  // One stop of the Tab key for the whole bar; arrows go along it, in the direction of reading.
  rove(event) {
    const last = this.buttons.length - 1;
    const at = this.buttons.indexOf(document.activeElement);
    const step = getComputedStyle(this.bar).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: last }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = this.buttons[(to + last + 1) % (last + 1)];
    for (const button of this.buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }

  load() {
    this.loading ??= import(this.url).then(({ default: Squire }) => {
      const at = selected(this.region);
      const html = this.region.innerHTML;
      this.quiet = true;
      this.engine = new Squire(this.region, { blockTag: "P", sanitizeToDOMFragment: cleaned, addLinks: false });
      for (const key of ["Tab", "Shift-Tab"]) this.engine.setKeyHandler(key, null);
      this.engine.setKeyHandler("Ctrl-k", (_engine, event) => this.shortcut(event));
      this.engine.setKeyHandler("Meta-k", (_engine, event) => this.shortcut(event));
      this.engine.setHTML(html);
      this.engine.addEventListener("pathChange", () => this.show());
      this.engine.addEventListener("select", () => this.show());
      // Pasting and marking are the engine's own doing: the page hears of them from it.
      this.engine.addEventListener("input", () => this.changed());
      if (document.activeElement === this.region) {
        // The engine came after the cursor, so it has not heard of it.
        this.region.dispatchEvent(new FocusEvent("focus"));
        if (at) select(this.engine, this.region, at);
      }
      this.quiet = false;
    }).catch(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  shortcut(event) {
    event.preventDefault();
    this.press("link");
  }

  show() {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(this.engine.hasFormat(button.dataset.tag)));
    }
  }

  async press(verb) {
    await this.load();
    const engine = this.engine;
    if (!engine) return;
    const on = (tag) => engine.hasFormat(tag);
    if (verb === "link") {
      this.askLink();
      return;
    }
    ({
      bold: () => (on("B") ? engine.removeBold() : engine.bold()),
      italic: () => (on("I") ? engine.removeItalic() : engine.italic()),
      bullets: () => (on("UL") ? engine.removeList() : engine.makeUnorderedList()),
      numbers: () => (on("OL") ? engine.removeList() : engine.makeOrderedList()),
      quote: () => (on("BLOCKQUOTE") ? engine.decreaseQuoteLevel() : engine.increaseQuoteLevel()),
      heading: () => this.turn(on("H3") ? "H3" : "P", on("H3") ? "P" : "H3"),
    })[verb]();
    engine.focus();
    this.show();
  }

  turn(from, to) {
    this.engine.modifyBlocks((part) => {
      for (const block of part.querySelectorAll(from)) {
        const turned = make(to, {}, ...block.childNodes);
        if (to === "H3") turned.setAttribute("aria-level", "2");
        block.replaceWith(turned);
      }
      return part;
    });
  }

  askLink() {
    if (this.asking) return;
    const present = this.engine.getSelection().commonAncestorContainer;
    const inside = (present.nodeType === Node.TEXT_NODE ? present.parentNode : present).closest?.("a");
    const input = make("input", { type: "url", value: inside?.getAttribute("href") ?? "https://", dir: "ltr" });
    input.setAttribute("autocomplete", "off");
    const error = make("p", { className: "err", hidden: true, textContent: words.linkBad });
    error.setAttribute("role", "alert");
    const close = () => {
      this.asking.remove();
      this.asking = null;
      this.engine.focus();
    };
    const button = (text, act, cls = "btn btn-2 btn-s") => {
      const made = make("button", { type: "button", className: cls, textContent: text });
      made.addEventListener("click", act);
      return made;
    };
    const set = () => {
      error.hidden = ADDRESS.test(input.value.trim());
      if (!error.hidden) return input.focus();
      const href = input.value.trim();
      close();
      return this.engine.makeLink(href);
    };
    this.asking = make("div", { className: "rich-link field flush" },
      make("label", {}, words.linkAsk, input),
      button(words.linkSet, set, "btn btn-s"),
      ...(inside ? [button(words.linkRemove, () => { close(); this.engine.removeLink(); })] : []),
      button(words.linkCancel, close), error);
    this.asking.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Enter" && event.target === input) {
        event.preventDefault();
        set();
      }
    });
    this.bar.after(this.asking);
    input.focus();
    input.select();
  }

  html() {
    const text = this.engine ? this.engine.getHTML() : this.region.innerHTML;
    return /\S/.test(this.region.textContent) ? text : "";
  }

  sync() {
    this.area.value = this.html();
    this.companion.value = "html";
  }

  changed() {
    this.sync();
    if (!this.quiet) this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Put text back that this browser had kept.
  take(value, isHtml) {
    const html = isHtml ? value : value.split(/\n{2,}/).map((part) => make("p", { textContent: part }).outerHTML).join("");
    if (this.engine) this.engine.setHTML(html);
    else this.region.replaceChildren(cleaned(html));
    this.sync();
  }
}

for (const area of document.querySelectorAll("textarea[data-rich]")) {
  // On a slow line somebody may write before this runs: that text stays where it is.
  const [begun, entered] = [area.value !== area.defaultValue, area === document.activeElement];
  if (area.disabled || begun || !area.form?.dataset.editor) continue;
  area.editor = new Editor(area);
  if (entered) area.editor.region.focus();
}

// Where two people wrote: who changes a text means it.
for (const part of document.querySelectorAll(".settle")) {
  part.addEventListener("input", ({ target }) => {
    if (target.type !== "radio") part.querySelector('input[value="mine"]').checked = true;
  });
}
