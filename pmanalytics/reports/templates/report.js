"use strict";
(async () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const root = document.documentElement;
  const plots = all(".plot");

  // Without a browser that can unpack the drawing code the open tables stay, and nothing is lost.
  if (!window.DecompressionStream) { root.classList.remove("js"); return; }
  all("details.data").forEach((details) => { details.open = false; });
  root.classList.add("ready");
  const say = (words) => { one("live").textContent = words; };

  // --- Colours: as the system has them, or as the reader wants them.

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

  // --- Tables: sorted, searched and saved by what a cell is worth, not by how it is written.

  const worth = (cell) => cell.dataset.v ?? cell.textContent;

  function sort(table, column, button) {
    const head = button.parentElement;
    const isNumber = head.classList.contains("n");
    const isDown = head.ariaSort ? head.ariaSort === "ascending" : isNumber;
    all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    all(".same", table).forEach((cell) => cell.classList.remove("same"));
    const sign = isDown ? -1 : 1;
    const body = table.tBodies[0];
    const key = (row) => worth(row.cells[column]);
    body.append(...[...body.rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (!x || !y) return Boolean(y) - Boolean(x); // what is missing stands last, either way
      return sign * (isNumber ? x - y : x.localeCompare(y, "en", { numeric: true }));
    }));
  }

  // A text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers.
  function csvCell(cell) {
    const text = cell.tagName === "TD" ? worth(cell) : cell.textContent;
    const isFormula = /^[=+\-@\t\r\n\0＝＋－＠]/.test(text) && !(cell.classList.contains("n") && Number.isFinite(+text));
    return `"${(isFormula ? "'" : "") + text.replaceAll('"', '""')}"`;
  }

  function save(table, name) {
    const lines = [...table.rows].map((row) => [...row.cells].map(csvCell).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = name + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }

  all(".table").forEach((box) => {
    const [table] = all("table", box);
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, column, button));
    });
    const [search, shown, more, csv] = ["search", "shown", "more", "csv"].map((part) => all("." + part, box)[0]);
    csv.addEventListener("click", () => save(table, csv.value));
    more?.addEventListener("click", () => {
      more.textContent = table.classList.toggle("cut") ? more.value : "Show fewer";
    });
    search?.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      const rows = [...table.tBodies[0].rows];
      rows.forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(wanted); });
      table.classList.toggle("searched", Boolean(wanted));
      const hits = rows.filter((row) => !row.hidden).length;
      shown.textContent = wanted ? `${hits} of ${rows.length}` : "";
    });
  });

  // --- One project, product or issue, highlighted wherever it is drawn or listed.

  const names = new Map();
  let picked = "";
  const rowsOf = all("tr[data-id]");
  rowsOf.forEach((row) => {
    const [cell] = all(".pick", row);
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    if (!names.get(row.dataset.id) || names.get(row.dataset.id) === row.dataset.id) {
      names.set(row.dataset.id, button.textContent);
    }
    row.addEventListener("click", () => pick(row.dataset.id === picked ? "" : row.dataset.id));
  });

  function pick(id) {
    picked = names.has(id) ? id : "";
    const name = names.get(picked);
    const told = name === picked ? picked : `${name} (${picked})`;
    rowsOf.forEach((row) => row.classList.toggle("picked", row.dataset.id === picked));
    one("picked").hidden = !picked;
    one("picked").firstElementChild.textContent = picked && told;
    if (one("find")) one("find").value = picked && told;
    say(picked ? `Highlighted everywhere: ${told}` : "Nothing is highlighted");
    share();
    redraw();
  }

  one("picked").lastElementChild.addEventListener("click", () => pick(""));
  const find = one("find");
  if (find) {
    one("names").append(...[...names].map(([id, name]) => new Option("", name === id ? id : `${name} (${id})`)));
    find.addEventListener("change", () => {
      const wanted = find.value.trim().toLowerCase();
      const known = [...names].map(([id, name]) => [id, [id, name, `${name} (${id})`].map((text) => text.toLowerCase())]);
      const found = wanted && (known.find(([, texts]) => texts.includes(wanted)) || known.find(([, texts]) => texts[2].includes(wanted)));
      find.setAttribute("aria-invalid", String(Boolean(wanted && !found)));
      if (wanted && !found) say(`Nothing here is called ${find.value}`); else pick(found ? found[0] : "");
    });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape" && picked) pick(""); });

  // --- Forms of a card: Python made each of them, here they are only swapped.

  let chosen = "";
  let tab = "";
  const filter = one("filter");
  const title = document.title;
  const ofTitle = document.createElement("span"); // whoever sees or prints a part must know that it is one
  all("h1")[0]?.append(ofTitle);

  function swap(kind, value) {
    const forms = all(`.view[data-${kind}]`);
    const offered = new Set(forms.filter((form) => form.dataset[kind] === value).map((form) => form.parentElement));
    forms.filter((form) => offered.has(form.parentElement)).forEach((form) => { form.hidden = form.dataset[kind] !== value; });
    if (window.Plotly) plots.forEach((plot) => draw(plot));
    return offered.size;
  }
  function choose(value) {
    chosen = filter && swap("choice", value) ? value : "";
    if (filter) filter.value = chosen;
    ofTitle.textContent = chosen && `: ${chosen}`;
    document.title = title + ofTitle.textContent;
    root.classList.toggle("filtered", Boolean(chosen));
    share();
  }
  function turn(value) {
    tab = swap("tab", value) ? value : "";
    share();
  }
  filter?.addEventListener("change", () => choose(filter.value));
  all(".tabs button").forEach((button) => button.addEventListener("click", () => {
    const group = button.closest(".views");
    turn(button.value);
    all(':scope > .view:not([hidden]) .tabs [aria-pressed="true"]', group)[0].focus();
  }));

  // --- What is chosen stands in the address, so that a link shows the same.

  function share() {
    const state = Object.entries({ filter: chosen, form: tab, show: picked }).filter(([, value]) => value);
    const address = state.length ? "#?" + new URLSearchParams(state) : location.pathname + location.search;
    history.replaceState(null, "", address);
  }
  function restore() {
    if (!location.hash.startsWith("#?")) return;
    const state = new URLSearchParams(location.hash.slice(2));
    if (state.get("filter")) choose(state.get("filter"));
    if (state.get("form")) turn(state.get("form"));
    if (state.get("show")) pick(state.get("show"));
  }
  addEventListener("hashchange", restore);

  // --- Figures: drawn as they are, or dark, narrow, or for paper.

  const NARROW = 520;
  const LINE = 16;
  const ON_PAPER = 0.86;
  const BESIDE_ANOTHER = 0.75; // half as wide as the page, and no list of rows
  const [FIRST, TALLEST] = [640, 780]; // what the first page of Letter holds, and each further one
  const darkOf = JSON.parse(one("colors").textContent);
  const config = { displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", doubleClick: false };
  const specs = new Map(plots.map((plot) => [plot, plot.nextElementSibling.textContent]));
  const drawn = new Map();
  const pen = document.createElement("canvas").getContext("2d");

  function broken(text, room) {
    pen.font = "12px " + getComputedStyle(document.body).fontFamily;
    return text.split(" ").reduce((lines, word) => {
      const longer = `${lines.at(-1)} ${word}`;
      if (pen.measureText(longer).width > room * 0.96) lines.push(word); else lines.push([lines.pop(), word].filter(Boolean).join(" "));
      return lines;
    }, [""]);
  }

  const ROW = /^(<b>.*?<\/b>) {2}(<span[^>]*>)(.*)<\/span>$/; // a label and its detail

  function isCrowded(layout, width) {
    const room = width - layout.margin.l - layout.margin.r;
    return (layout.annotations || []).some(({ text }) => ROW.test(text) && broken(text.replace(/<[^>]*>/g, ""), room).length > 1);
  }

  // On a narrow drawing details that do not fit stand below their labels, and long lines are broken.
  function narrow(layout, width) {
    const room = width - layout.margin.l - layout.margin.r;
    const notes = layout.annotations || [];
    notes.filter((note) => note.xref === "paper" && note.yref === "paper").forEach((corner) => {
      corner.text = corner.text.replace(", ", ",<br>");
    });
    const rows = !isCrowded(layout, width) ? [] : notes.flatMap((note) => {
      const parts = note.text.match(ROW);
      return parts ? [{ note, parts, lines: broken(parts[3], room) }] : [];
    });
    const most = Math.max(0, ...rows.map((row) => row.lines.length));
    rows.forEach(({ note, parts, lines }) => {
      note.text = `${parts[1]}<br>${parts[2]}${lines.join("<br>")}</span>`;
      if (note.yshift) note.yshift += lines.length * LINE / 2; // else it grows upwards by itself
    });
    layout.height += rows.length * most * LINE;
    const title = layout.xaxis.title;
    const lines = title?.text ? broken(title.text, room) : [""];
    if (lines.length > 1) {
      title.text = lines.join("<br>");
      layout.margin.b += (lines.length - 1) * LINE;
      layout.height += (lines.length - 1) * LINE;
    }
  }

  // On paper bars are low: their names keep their size where they fit in length, and go elsewhere.
  function nameBars({ data, layout }, width) {
    const [from, to] = layout.xaxis.range.map((date) => +new Date(date));
    const scale = (width - layout.margin.l - layout.margin.r) / (to - from);
    pen.font = "10px " + getComputedStyle(document.body).fontFamily;
    delete layout.uniformtext;
    data.filter(({ constraintext }) => constraintext).forEach((bar) => {
      const fits = pen.measureText(bar.text).width + 6 < bar.x[0] * scale;
      Object.assign(bar, { constraintext: "none", text: fits ? bar.text : "", textfont: { ...bar.textfont, size: 10 } });
    });
  }

  function shaped(plot, width) {
    const source = specs.get(plot);
    const spec = JSON.parse(isDark() ? source.replace(/#[0-9A-F]{6}\b/g, (hex) => darkOf[hex] || hex) : source);
    if (width < NARROW || isCrowded(spec.layout, width)) narrow(spec.layout, width);
    const isList = spec.layout.yaxis.visible === false;
    const share = width < NARROW && !isList ? BESIDE_ANOTHER : ON_PAPER;
    if (isPrinting) spec.layout.height = Math.min(spec.layout.height * share, plot === plots[0] ? FIRST : TALLEST);
    if (isPrinting && spec.layout.uniformtext) nameBars(spec, width);
    Object.assign(spec.layout, { width, autosize: false });
    plot.style.height = spec.layout.height + "px";
    if (picked) spec.data.filter((trace) => trace.customdata).forEach((trace) => {
      trace.selectedpoints = trace.customdata.flatMap(([id], n) => id === picked ? [n] : []);
    });
    return spec;
  }

  function draw(plot, width = plot.clientWidth) {
    const state = [isDark(), width, specs.get(plot).includes('"customdata"') && picked].join();
    if (!width || drawn.get(plot) === state) return;
    const spec = shaped(plot, width);
    Plotly.react(plot, spec.data, spec.layout, config);
    all("svg.main-svg", plot).forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    if (!drawn.has(plot)) plot.on("plotly_click", ({ points: [point] }) => point.customdata && pick(point.customdata[0]));
    drawn.set(plot, state);
  }
  function redraw() { if (window.Plotly) plots.filter((plot) => drawn.has(plot)).forEach((plot) => draw(plot)); }

  // Room is made before anything is drawn, so that nothing moves when it is.
  plots.forEach((plot) => { if (plot.clientWidth) shaped(plot, plot.clientWidth); });

  // --- The points of a figure by keyboard: one tab stop, arrows step, the reader is told.

  function pointsOf(plot) {
    const [first, last] = plot.layout.yaxis.range ?? []; // a figure of a user's own may have no axes
    const isList = first > last; // read row by row
    const points = plot.calcdata.flatMap((marks, curve) => plot.data[curve].hoverinfo === "skip" ? [] : marks.flatMap((mark, n) =>
      mark.x === undefined || mark.x === null ? [] : [{ curveNumber: curve, pointNumber: n, x: +mark.x, y: +(mark.p ?? mark.y) }]));
    return points.sort(isList ? (a, b) => a.y - b.y || a.x - b.x : (a, b) => a.x - b.x || a.y - b.y);
  }

  function wordsOf(plot, { curveNumber, pointNumber }) {
    const trace = plot.data[curveNumber];
    const label = [trace.hovertext ?? trace.text].flat()[pointNumber] ?? "";
    return new DOMParser().parseFromString(label.replaceAll("<br>", ", "), "text/html").body.textContent;
  }

  plots.forEach((plot) => {
    let at = -1;
    const steps = (event) => {
      const size = event.shiftKey ? 10 : 1;
      return { ArrowRight: at + size, ArrowDown: at + size, ArrowLeft: at - size, ArrowUp: at - size, Home: 0, End: Infinity }[event.key];
    };
    plot.addEventListener("keydown", (event) => {
      if (!drawn.has(plot)) return;
      const next = steps(event);
      const points = pointsOf(plot);
      if (next !== undefined && points.length) {
        event.preventDefault();
        at = Math.max(0, Math.min(points.length - 1, next));
        Plotly.Fx.hover(plot, [points[at]]);
        say(`${at + 1} of ${points.length}: ${wordsOf(plot, points[at])}`);
      } else if (event.key === "Enter" && points[at]) {
        const { curveNumber, pointNumber } = points[at];
        const about = plot.data[curveNumber].customdata?.[pointNumber];
        if (about) pick(about[0]);
      }
    });
    plot.addEventListener("blur", () => { at = -1; if (drawn.has(plot)) Plotly.Fx.unhover(plot); });
  });

  // --- The drawing code stands behind everything else, so that tables work before it is there.

  if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  if (plots.length) {
    const letters = atob(one("plotly").textContent);
    const bytes = new Uint8Array(letters.length);
    for (let n = 0; n < letters.length; n += 1) bytes[n] = letters.charCodeAt(n);
    const code = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(code).text();
    document.head.append(script);
  }
  restore();
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
  const pageWidth = 684; // A4 less its margins, in CSS pixels; Letter is wider
  addEventListener("beforeprint", () => {
    isPrinting = true;
    if (window.Plotly) plots.filter((plot) => plot.clientWidth).forEach((plot) => draw(plot, plot.closest(".wide") ? pageWidth : (pageWidth - 40) / 2));
  });
  addEventListener("afterprint", () => { isPrinting = false; redraw(); });
})();
