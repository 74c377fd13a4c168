// Keeps the number at the bell while a page stays open: after 30 s, then less and less often up to
// 10 min, and never in a tab nobody sees. Says so aloud only when there is more.
const bell = document.querySelector("[data-unread]");
const marks = document.querySelectorAll(".masthead .n");
const said = document.body.appendChild(document.createElement("span"));
said.className = "vh";
said.setAttribute("role", "status");
const FIRST = 30;
let wait = FIRST, asked = Date.now(), timer, over;

function plan() {
  clearTimeout(timer);
  const at = asked + wait * 1000;
  if (!over && !document.hidden) timer = setTimeout(ask, Math.max(at - Date.now(), 0));
}

async function ask() {
  const shown = +marks[0].textContent;
  asked = Date.now();
  wait = Math.min(wait * 1.5, 600);
  try {
    const answer = await fetch(bell.dataset.unread, { headers: { "If-None-Match": `"${shown}"` }, cache: "no-store" });
    over = answer.status == 401 || answer.status == 403;
    if (answer.ok) {
      const { unread } = await answer.json();
      marks.forEach((mark) => { mark.textContent = unread; mark.hidden = !unread; });
      if (unread > shown) said.textContent = bell.textContent.trim();
    }
  } catch {}
  plan();
}

document.addEventListener("visibilitychange", () => { wait = FIRST; plan(); });
plan();
