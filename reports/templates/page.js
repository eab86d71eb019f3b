"use strict";
// Draws every figure from the JSON beside it, and again when the theme, the width or a switch changes.
// Text from the data reaches the page through textContent and Plotly only, never as markup.
(() => {
  const darkColors = JSON.parse(document.getElementById("dark").textContent);
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const config = { displaylogo: false, responsive: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "toImage"] };
  const NARROW_PANEL = 270, PANEL_HEIGHT = 300;

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

  // Panels go into as many columns as fit; the rest of the layout follows.
  const arrange = (layout, width) => {
    const { panels, columns: most, y_title: title } = layout.meta ?? {};
    if (!panels) return;
    const columns = Math.max(1, Math.min(most, Math.floor(width / NARROW_PANEL)));
    const rows = Math.ceil(panels / columns);
    const gap = columns > 1 ? (Array.isArray(title) ? 80 / width : 0.035) : 0, share = (1 - gap * (columns - 1)) / columns;
    const between = rows > 1 ? 74 / (rows * PANEL_HEIGHT) : 0, tall = (1 - between * (rows - 1)) / rows;
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
    const inner = rows * PANEL_HEIGHT - 40;
    layout.legend = { ...layout.legend, y: 1 + 26 / inner };
    const legendRows = Math.ceil((layout.meta.entries * 150) / width);
    layout.height = inner + layout.margin.t + layout.margin.b + 22 * legendRows;
  };

  const drawAll = [];
  for (const figure of document.querySelectorAll("figure")) {
    const plot = figure.querySelector("[data-plot]");
    const source = JSON.parse(figure.querySelector("[data-drawing]").textContent);
    const switches = (source.layout.meta ?? {}).switches ?? [];
    const chosen = switches.map(() => 0);
    source.layout.meta = { ...source.layout.meta, entries: source.data.filter((trace) => trace.showlegend).length };

    const build = (dark, width) => {
      const now = structuredClone(source);
      switches.forEach((each, i) => Object.entries(each.options[chosen[i]].set).forEach(([path, v]) => assign(now, path, v)));
      now.layout.width = width;
      arrange(now.layout, width);
      const ready = themed(now, dark);
      ready.layout.hoverlabel = { ...ready.layout.hoverlabel, bgcolor: dark ? "#262b33" : "#ffffff", font: { color: dark ? "#ffffff" : "#000000" } };
      return ready;
    };
    const draw = () => {
      const { data, layout } = build(prefersDark.matches, plot.clientWidth);
      return Plotly.react(plot, data, layout, config);
    };
    drawAll.push(draw);

    switches.forEach((each, i) => {
      const label = document.createElement("label"), select = document.createElement("select");
      each.options.forEach((option) => select.add(new Option(option.label)));
      select.addEventListener("change", () => { chosen[i] = select.selectedIndex; draw(); });
      label.append(each.label, select);
      figure.querySelector("[data-controls]").append(label);
    });

    const save = (text, type, name) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };
    figure.querySelector('[data-download="csv"]').addEventListener("click", () =>
      save(JSON.parse(figure.querySelector("[data-csv]").textContent), "text/csv", `${figure.id}.csv`));
    // A saved figure is for print: light colours on white, whatever the screen shows.
    figure.querySelector('[data-download="svg"]').addEventListener("click", async () => {
      const { data, layout } = build(false, 1080);
      const size = { format: "svg", width: 1080, height: layout.height ?? 400 };
      const url = await Plotly.toImage({ data, layout: { ...layout, paper_bgcolor: "#ffffff" } }, size);
      save(decodeURIComponent(url.slice(url.indexOf(",") + 1)), "image/svg+xml", `${figure.id}.svg`);
    });
  }

  const redraw = async () => {
    await Promise.all(drawAll.map((draw) => draw()));
    document.documentElement.dataset.drawn = prefersDark.matches ? "dark" : "light";
  };
  let pending = 0, width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(pending);
    pending = setTimeout(redraw, 120);
  });
  prefersDark.addEventListener("change", redraw);
  redraw();
})();
