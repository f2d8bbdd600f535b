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

  const draw = () => {
    const style = getComputedStyle(root);
    for (const [id, plot] of Object.entries(plots)) {
      const {data, layout} = resolve({data: plot.data, layout: {template, ...plot.layout, autosize: true}}, style);
      Plotly.react(id, data, layout, config);
    }
  };
  draw();
  dark.addEventListener("change", draw);

  // Paper is white, and its plots are as wide as a page whatever the window was.
  window.addEventListener("beforeprint", () => {
    root.dataset.print = "";
    draw();
    for (const id of Object.keys(plots)) Plotly.Plots.resize(id);
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.print;
    draw();
  });
})();
