"use strict";
(() => {
  const root = document.documentElement;
  const plots = JSON.parse(document.getElementById("plots").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // A string "--name" stands for a colour of the page.
  const resolve = (value, style) => {
    if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((entry) => resolve(entry, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolve(entry, style)]));
  };

  const axis = {
    automargin: true, color: "--ink", gridcolor: "--grid", linecolor: "--rule", showline: true, zeroline: false,
    ticks: "outside", ticklen: 4, tickcolor: "--rule", fixedrange: true, title: {standoff: 8},
  };
  const template = {layout: {
    xaxis: axis, yaxis: axis, showlegend: false, dragmode: false, hovermode: "closest",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: {l: 48, r: 12, t: 10, b: 44},
    font: {family: "system-ui, -apple-system, 'Segoe UI', Arial, 'Liberation Sans', sans-serif", size: 12, color: "--ink"},
    hoverlabel: {bgcolor: "--paper", bordercolor: "--rule", font: {color: "--ink"}},
  }};
  const config = {displayModeBar: false, responsive: true, showLink: false, displaylogo: false};

  const show = (id) => {
    const {data, layout} = resolve(plots[id], getComputedStyle(root));
    Plotly.react(id, data, {template: resolve(template, getComputedStyle(root)), ...layout, autosize: true}, config);
  };
  // A plot is drawn when the reader comes near it: a study has more of them than a page should wait for.
  const drawn = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      drawn.add(entry.target.id);
      show(entry.target.id);
    }
  }, {rootMargin: "600px"});
  for (const id of Object.keys(plots)) watcher.observe(document.getElementById(id));
  dark.addEventListener("change", () => drawn.forEach(show));

  // Paper is white, and its plots are as wide as a page whatever the window was.
  window.addEventListener("beforeprint", () => {
    root.dataset.print = "";
    for (const id of Object.keys(plots)) {
      drawn.add(id);
      show(id);
      Plotly.Plots.resize(id);
    }
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.print;
    drawn.forEach(show);
  });
})();
