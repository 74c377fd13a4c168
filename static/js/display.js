// Optional. Without it the display form posts, and menus open and close by their summaries.
// With it the colours change at once, and an open menu closes on Escape or a click elsewhere.
(() => {
  const root = document.documentElement;
  const themes = document.querySelectorAll("[data-display] button[name=theme]");

  function show(theme) {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    themes.forEach((button) => button.setAttribute("aria-pressed", String(button.value === theme)));
  }

  themes.forEach((button) =>
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `theme=${button.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
      show(button.value);
    }),
  );

  function openMenus() {
    return document.querySelectorAll(".tools details[open]");
  }

  document.addEventListener("click", (event) => {
    openMenus().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    openMenus().forEach((menu) => {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    });
  });
})();
