// Draws every <figure data-chart> from the Vega-Lite specification beside it, in the colours of the page, without eval.
(() => {
  "use strict";
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  // light-dark() and color-mix() are resolved by the browser: ask it for the colour a real element would get.
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  const config = () => {
    const font = style.getPropertyValue("--sans").trim();
    const [ink, soft, line, strong] = [colour("ink-2"), colour("ink-3"), colour("line"), colour("line-strong")];
    const series = [1, 2, 3, 4, 5, 6].map((n) => colour(`series-${n}`));
    return {
      background: "transparent",
      font,
      padding: 2,
      range: { category: series },
      view: { stroke: null },
      axis: {
        labelColor: soft, titleColor: soft, gridColor: line, domainColor: strong, tickColor: strong, ticks: false,
        labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500, labelPadding: 6, titlePadding: 8, gridDash: [2, 3],
      },
      axisX: { grid: false },
      axisY: { domain: false },
      legend: { labelColor: ink, titleColor: soft, labelFontSize: 12, titleFontSize: 11, orient: "top", title: null, symbolSize: 70 },
      line: { strokeWidth: 2, strokeCap: "round", strokeJoin: "round", color: series[0] },
      point: { size: 42, filled: true, color: series[0] },
      bar: { color: series[0], cornerRadiusEnd: 2 },
      rule: { color: strong },
      area: { color: series[0], opacity: 0.18 },
      text: { color: ink, fontSize: 11 },
      title: { color: ink, fontSize: 12, fontWeight: 600, anchor: "start" },
    };
  };

  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.hidden = true;
  document.body.append(tip);
  const tooltip = (_, event, __, value) => {
    if (value === null || value === undefined || value === "") {
      tip.hidden = true;
      return;
    }
    const lines = typeof value === "object" ? Object.entries(value).map(([k, v]) => `${k}: ${v}`) : [String(value)];
    tip.replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - box.width - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - box.height - 8)}px`;
  };

  const drawn = new Map();
  const draw = async (figure) => {
    // a text that is the name of a token of the style sheet stands for its colour
    const token = (_, value) => (typeof value === "string" && value.startsWith("--") ? colour(value.slice(2)) : value);
    const spec = JSON.parse(figure.querySelector("script").textContent, token);
    const target = figure.querySelector(".chart");
    drawn.get(figure)?.finalize();
    try {
      const result = await window.vegaEmbed(target, spec, {
        actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip, config: config(), mode: "vega-lite",
      });
      drawn.set(figure, result);
      figure.dataset.drawn = "yes";
    } catch (error) {
      figure.dataset.drawn = "no";
      target.textContent = `This chart could not be drawn: ${error.message}`;
    }
  };

  const all = () => document.querySelectorAll("figure[data-chart]");
  const redraw = () => { for (const figure of all()) if (drawn.has(figure)) draw(figure); };
  const eager = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (entry.isIntersecting && !drawn.has(entry.target)) {
        drawn.set(entry.target, null);
        draw(entry.target);
      }
    }
  }, { rootMargin: "400px" });
  const watch = () => all().forEach((figure) => eager.observe(figure));
  watch();
  document.addEventListener("treadle:theme", redraw);
  document.addEventListener("treadle:fresh", watch);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
