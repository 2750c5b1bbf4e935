"use strict";
(async () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  const text = (id) => document.getElementById(id).textContent;
  const plots = all(".plot");

  // Without a browser that can unpack the drawing code the open tables stay, and nothing is lost.
  if (plots.length && !window.DecompressionStream) return;
  all("details.data").forEach((details) => { details.open = false; });
  root.classList.add("ready");

  const system = matchMedia("(prefers-color-scheme: dark)");
  let isPrinting = false;
  const isDark = () => !isPrinting && (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";

  const buttons = all(".themes button");
  const press = () => buttons.forEach((button) =>
    button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme || ""))));
  buttons.forEach((button) => button.addEventListener("click", () => {
    if (button.value) root.dataset.theme = button.value; else delete root.dataset.theme;
    try { localStorage.setItem("pmanalytics-theme", button.value); } catch { /* a file may have no storage */ }
    press();
    redraw();
  }));
  press();

  const links = all(".bar nav a");
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) =>
    links.forEach((link) => link.hash === "#" + entry.target.id
      ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"))),
  { rootMargin: "-20% 0px -70% 0px" });
  all("section[id]").forEach((section) => seen.observe(section));

  const darkOf = JSON.parse(text("colors"));
  const config = { displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", doubleClick: false };
  const specs = new Map(plots.map((plot) => [plot, plot.nextElementSibling.textContent]));
  const drawn = new Map();

  function draw(plot, width = plot.clientWidth) {
    const state = [isDark(), width].join();
    if (!width || drawn.get(plot) === state) return;
    const source = specs.get(plot);
    const spec = JSON.parse(isDark() ? source.replace(/#[0-9A-F]{6}\b/g, (hex) => darkOf[hex] || hex) : source);
    Object.assign(spec.layout, { width, autosize: false });
    Plotly.react(plot, spec.data, spec.layout, config);
    all("svg.main-svg", plot).forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    drawn.set(plot, state);
  }
  function redraw() { if (window.Plotly) plots.forEach((plot) => draw(plot)); }

  if (plots.length) {
    const bytes = Uint8Array.from(atob(text("plotly")), (letter) => letter.charCodeAt(0));
    const code = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(code).text();
    document.head.append(script);
  }
  const later = window.requestIdleCallback || setTimeout;
  const waiting = [...plots];
  (function next() {
    const plot = waiting.shift();
    if (!plot) { root.dataset.done = "true"; return; }
    draw(plot);
    later(next);
  })();

  let pause;
  let lastWidth = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === lastWidth) return;
    lastWidth = innerWidth;
    clearTimeout(pause);
    pause = setTimeout(redraw, 120);
  });
  system.addEventListener("change", redraw);
  const pageWidth = 684; // A4 less its margins, in CSS pixels
  addEventListener("beforeprint", () => {
    isPrinting = true;
    plots.forEach((plot) => draw(plot, plot.closest(".wide") ? pageWidth : (pageWidth - 40) / 2));
  });
  addEventListener("afterprint", () => { isPrinting = false; redraw(); });
})();
