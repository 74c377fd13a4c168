// While the title is typed: records that look like it.

const form = document.querySelector("form[data-similar-url]");
const place = document.getElementById("similar");

if (form && place) {
  let timer;
  let asked;
  const field = (name) => form.elements[name]?.value ?? "";

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ title: field("title"), summary: field("summary"), language: field("language") });
    try {
      const answer = await fetch(`${form.dataset.similarUrl}?${query}`, { signal: asked.signal });
      if (answer.ok && !answer.redirected) {
        const html = await answer.text();
        if (html.trim() !== place.innerHTML.trim()) place.innerHTML = html;
      }
    } catch {
      // Only a convenience: the desk looks for duplicates too.
    }
  }

  for (const name of ["title", "summary"]) {
    form.elements[name].addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 700);
    });
  }
}
