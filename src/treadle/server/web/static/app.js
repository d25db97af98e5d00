// The few things a page cannot do without a script: theme, menu, copying, live regions. Everything works without them but these.
(() => {
  "use strict";
  const root = document.documentElement;

  const remember = (theme) => {
    document.cookie = `treadle_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
  };
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  document.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-do]");
    if (!hit) return;
    if (hit.dataset.do === "theme") {
      root.dataset.theme = dark() ? "light" : "dark";
      remember(root.dataset.theme);
      document.dispatchEvent(new Event("treadle:theme"));
    } else if (hit.dataset.do === "menu") {
      const open = hit.closest(".rail").classList.toggle("open");
      hit.setAttribute("aria-expanded", String(open));
    } else if (hit.dataset.do === "copy") {
      const text = hit.parentElement.querySelector("code").textContent;
      navigator.clipboard?.writeText(text).then(() => {
        const before = hit.textContent;
        hit.textContent = "Copied";
        setTimeout(() => { hit.textContent = before; }, 1400);
      });
    }
  });

  // Filters apply as soon as a choice is made; typing waits for Enter.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
  });

  // Choosing runs to compare.
  const compare = document.querySelector("[data-compare]");
  if (compare) {
    const boxes = () => [...document.querySelectorAll("input[name=id]")];
    const update = () => {
      const chosen = boxes().filter((box) => box.checked).length;
      compare.disabled = chosen < 2;
      compare.textContent = chosen < 2 ? "Compare" : `Compare ${chosen} runs`;
    };
    document.addEventListener("change", update);
    update();
  }

  // A page with live regions listens, and takes their new content from the same address when something changed.
  const source = document.body.dataset.live;
  if (source && window.EventSource) {
    let busy = false;
    const refresh = async () => {
      if (busy || document.hidden) return;
      busy = true;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const region of document.querySelectorAll("[data-region]")) {
          if (region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) continue;
          const next = fresh.querySelector(`[data-region="${region.dataset.region}"]`);
          if (next && next.innerHTML !== region.innerHTML) region.replaceChildren(...next.childNodes);
        }
        document.dispatchEvent(new Event("treadle:fresh"));
      } finally {
        busy = false;
      }
    };
    const events = new EventSource(source);
    events.addEventListener("changed", refresh);
    addEventListener("pagehide", () => events.close());
  }
})();
