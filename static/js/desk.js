// The desk keeps the portal's display setting: one cookie, three choices. Loaded in the head and
// not deferred, so that the page is never painted in the wrong colours first.
(() => {
  const root = document.documentElement;
  const choices = ["auto", "light", "dark"];

  function chosen() {
    const found = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/);
    return found ? found[1] : "auto";
  }

  function next() {
    const theme = choices[(choices.indexOf(chosen()) + 1) % choices.length];
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.dataset.theme = theme;
  }

  root.dataset.theme = chosen();
  window.addEventListener("load", () => {
    document.querySelectorAll(".theme-toggle").forEach((button) => button.addEventListener("click", next));
  });
})();
