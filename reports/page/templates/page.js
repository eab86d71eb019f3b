"use strict";
// Unpacks Plotly and each figure's JSON, draws the figures, those near the reader first, and draws them again when the
// theme, the width, a switch or the medium changes. On paper they are light and as wide as the paper.
// Text from the data reaches the page through textContent and Plotly only, never as markup.
(() => {
  const darkColors = JSON.parse(document.getElementById("dark").textContent);
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  // A finger scrolls the page, and would meet a toolbar that covers the legend.
  const touched = window.matchMedia("(pointer: coarse), (max-width: 40rem)");
  const config = () => ({
    displaylogo: false, responsive: false, displayModeBar: touched.matches ? false : "hover",
    modeBarButtonsToRemove: ["lasso2d", "select2d", "toImage"],
    showSendToCloud: false, plotlyServerURL: "", // Plotly would offer to send the numbers to its makers
  });
  // Least width of a panel, and its height where there are so many rows.
  const SCREEN = { panel: 270, height: () => 300 };
  const PAPER = { panel: 190, height: (rows) => (rows > 2 ? 125 : 175), width: 690 };

  // Base64 of zlib's format, as reports.packing writes it.
  const unpack = (element) => {
    const binary = atob(element.textContent), bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };

  // The page's policy allows this script by the digest of its text.
  const loadPlotly = async () => {
    const script = document.createElement("script");
    script.textContent = await unpack(document.getElementById("plotly"));
    document.head.append(script);
  };

  const themed = (value, dark) => {
    if (typeof value === "string") return dark && Object.hasOwn(darkColors, value) ? darkColors[value] : value;
    if (Array.isArray(value)) return value.map((item) => themed(item, dark));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, dark)]));
  };

  const assign = (figure, path, value) => {
    const steps = path.split(".");
    const last = steps.pop();
    steps.reduce((at, step) => (at[step] ??= {}), figure)[last] = value;
  };

  // A trace drawn at even steps goes to other places: x is a place's number and an offset in steps.
  const follow = (data, places, step) => {
    for (const trace of data) {
      if (!trace.meta?.follows) continue;
      trace.x = trace.x.map((x) => places[Math.round(x)] + (x - Math.round(x)) * step);
    }
  };

  // Panels go into as many columns as fit; the rest of the layout follows.
  const arrange = (layout, width, size) => {
    const { panels, columns: most, y_title: title } = layout.meta ?? {};
    if (!panels) return;
    const columns = Math.max(1, Math.min(most, Math.floor(width / size.panel)));
    const rows = Math.ceil(panels / columns);
    const gap = columns > 1 ? (Array.isArray(title) ? 80 / width : 0.035) : 0, share = (1 - gap * (columns - 1)) / columns;
    const height = size.height(rows);
    const between = rows > 1 ? 74 / (rows * height) : 0, tall = (1 - between * (rows - 1)) / rows;
    for (let i = 0; i < panels; i += 1) {
      const column = i % columns, row = Math.floor(i / columns), name = i ? String(i + 1) : "";
      const x = layout[`xaxis${name}`], y = layout[`yaxis${name}`];
      x.domain = [column * (share + gap), column * (share + gap) + share];
      y.domain = [1 - row * (tall + between) - tall, 1 - row * (tall + between)];
      // A list of titles: each panel has a y axis of its own.
      const own = Array.isArray(title);
      y.showticklabels = own || column === 0;
      y.title = { ...y.title, text: own ? title[i] : column === 0 ? title : "" };
    }
    const inner = rows * height - 40;
    layout.legend = { ...layout.legend, y: 1 + 26 / inner };
    const legendRows = Math.ceil((layout.meta.entries * 150) / width);
    layout.height = inner + layout.margin.t + layout.margin.b + 22 * legendRows;
  };

  const save = (text, type, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // One figure of the page: what it draws, its switches and its downloads.
  const prepare = (figure, source) => {
    const plot = figure.querySelector("[data-plot]");
    const switches = (source.layout.meta ?? {}).switches ?? [];
    const chosen = switches.map(() => 0);
    source.layout.meta = { ...source.layout.meta, entries: source.data.filter((trace) => trace.showlegend).length };

    const build = (dark, width, size = SCREEN) => {
      const now = structuredClone(source);
      switches.forEach((each, i) => {
        const option = each.options[chosen[i]];
        Object.entries(option.set).forEach(([path, v]) => assign(now, path, v));
        if (option.places) follow(now.data, option.places, option.step);
      });
      now.layout.width = width;
      if (touched.matches) now.layout.dragmode = false;
      arrange(now.layout, width, size);
      const ready = themed(now, dark);
      ready.layout.hoverlabel = { ...ready.layout.hoverlabel, bgcolor: dark ? "#262b33" : "#ffffff", font: { color: dark ? "#ffffff" : "#000000" } };
      return ready;
    };
    const draw = (dark, width = plot.clientWidth, size = SCREEN) => {
      const { data, layout } = build(dark, width, size);
      return Plotly.react(plot, data, layout, config());
    };

    switches.forEach((each, i) => {
      const label = document.createElement("label"), select = document.createElement("select");
      each.options.forEach((option) => select.add(new Option(option.label)));
      select.addEventListener("change", () => { chosen[i] = select.selectedIndex; draw(prefersDark.matches); });
      label.append(each.label, select);
      figure.querySelector("[data-controls]").append(label);
    });
    // A saved figure is for print: light colours on white, whatever the screen shows.
    figure.querySelector('[data-download="svg"]').addEventListener("click", async () => {
      const { data, layout } = build(false, 1080);
      const size = { format: "svg", width: 1080, height: layout.height ?? 400 };
      const url = await Plotly.toImage({ data, layout: { ...layout, paper_bgcolor: "#ffffff" } }, size);
      save(decodeURIComponent(url.slice(url.indexOf(",") + 1)), "image/svg+xml", `${figure.id}.svg`);
    });
    return { plot, draw };
  };

  for (const packed of document.querySelectorAll("[data-csv]")) {
    const figure = packed.closest("figure");
    figure.querySelector('[data-download="csv"]').addEventListener("click", async () =>
      save(await unpack(packed), "text/csv", `${figure.id}.csv`));
  }

  const figures = [];
  const waiting = new Set();
  const distance = ({ plot }) => {
    const { top, bottom } = plot.getBoundingClientRect();
    return Math.max(top - window.innerHeight, -bottom, 0);
  };
  const soon = window.requestIdleCallback ? (work) => requestIdleCallback(work, { timeout: 100 }) : setTimeout;
  let working = false, printing = false;

  // Figures are drawn one by one, the nearest to what is seen first, so that the page answers in between.
  const work = async () => {
    if (printing || !waiting.size) {
      working = false;
      if (!waiting.size) document.documentElement.dataset.drawn = prefersDark.matches ? "dark" : "light";
      return;
    }
    const next = [...waiting].reduce((best, each) => (distance(each) < distance(best) ? each : best));
    waiting.delete(next);
    await next.draw(prefersDark.matches);
    if (distance(next) === 0) work(); else soon(work);
  };
  const redraw = () => {
    figures.forEach((figure) => waiting.add(figure));
    if (!working) { working = true; work(); }
  };

  // Paper shows every figure, small and in light colours, and the tables that the reader has opened.
  const toPaper = () => {
    if (printing) return;
    printing = true;
    figures.forEach((figure) => figure.draw(false, PAPER.width, PAPER));
  };
  const toScreen = () => {
    if (!printing) return;
    printing = false;
    redraw();
  };
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", toScreen);
  window.matchMedia("print").addEventListener("change", (medium) => (medium.matches ? toPaper() : toScreen()));

  let pending = 0, width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (printing || window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(pending);
    pending = setTimeout(redraw, 120);
  });
  prefersDark.addEventListener("change", redraw);

  // Each drawing stands in for its table, or the table for the drawing.
  const showTables = (open) => {
    document.querySelectorAll("details[data-numbers]").forEach((details) => { details.open = open; });
    if (open) delete document.documentElement.dataset.scripts;
    else document.documentElement.dataset.scripts = "run";
  };
  showTables(false);

  const start = async () => {
    const drawings = [...document.querySelectorAll("[data-drawing]")];
    const [sources] = await Promise.all([Promise.all(drawings.map(unpack)), loadPlotly()]);
    drawings.forEach((drawing, i) => figures.push(prepare(drawing.closest("figure"), JSON.parse(sources[i]))));
    redraw();
  };
  start().catch((error) => {
    showTables(true);
    throw error;
  });
})();
