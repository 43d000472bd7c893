"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const charts = new Map(); // index of a chart -> Chart.js object
  const sourceOff = new Set(), seriesOff = new Set();
  const hidden = (chart, series, source) => sourceOff.has(String(source)) || seriesOff.has(`${chart}:${series}`);

  // One place decides what is to be seen; drawings, legends and tables follow it.
  const apply = () => {
    for (const figure of all(".chart")) {
      const index = figure.dataset.chart;
      for (const g of all("svg g[data-series]", figure)) g.classList.toggle("off", hidden(index, g.dataset.series, g.dataset.source));
      for (const item of all(".legend li", figure)) item.classList.toggle("off", sourceOff.has(item.dataset.source));
      for (const button of all(".legend button", figure)) {
        button.setAttribute("aria-pressed", String(!seriesOff.has(`${index}:${button.dataset.series}`)));
      }
      const live = charts.get(index);
      if (live) {
        live.data.datasets.forEach((set, i) => live.setDatasetVisibility(i, !hidden(index, set.series, set.source)));
        live.update("none");
      }
    }
    for (const row of all("tr[data-source], .card[data-source]")) row.classList.toggle("off", sourceOff.has(row.dataset.source));
  };

  for (const box of all(".sources input")) {
    box.addEventListener("change", () => {
      if (box.checked) sourceOff.delete(box.dataset.source); else sourceOff.add(box.dataset.source);
      apply();
    });
  }
  for (const field of all(".sources")) field.hidden = false;
  for (const button of all(".legend button")) {
    button.addEventListener("click", () => {
      const key = `${button.dataset.chart}:${button.dataset.series}`;
      if (!seriesOff.delete(key)) seriesOff.add(key);
      apply();
    });
  }

  // Where Chart.js was built in: drawings that say what is under the pointer. The SVG stays for print.
  const data = document.getElementById("charts");
  if (!data || typeof Chart !== "function" || !(parseInt(Chart.version, 10) >= 3)) return; // older ones speak another language
  const format = new Intl.NumberFormat("en", {maximumSignificantDigits: 4});
  const tick = (value) => {
    let i = 0;
    for (; Math.abs(value) >= 999.5 && i < 6; i++) value /= 1000;
    return String(Number(value.toPrecision(3))) + ["", "k", "M", "G", "T", "P", "E"][i];
  };
  const time = (ns) => {
    for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["us", 1e3]]) if (ns >= size) return `${format.format(ns / size)} ${unit}`;
    return `${format.format(ns)} ns`;
  };
  const dashes = [[], [8, 3], [4, 2.5], [1.5, 3.5]];
  const markers = ["circle", "rect", "triangle", "rectRot", "triangle", "cross"];

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(`--${name}`).trim();
    return {get, series: Array.from({length: 8}, (_, i) => get(`c${i}`))};
  };

  const dataset = (series, number, chart, look) => {
    const colour = look.series[series.colour];
    if (chart.bars) {
      return {type: "bar", label: number ? "limit" : "time", series: number, source: series.source, data: series.points.map((p) => p.y),
              backgroundColor: number ? look.get("soft") : colour, barPercentage: 0.9};
    }
    return {label: series.label, series: number, source: series.source, data: series.points, showLine: chart.id !== "roofline" || series.whole,
            borderColor: colour, borderWidth: series.whole ? 1.4 : 1.8, borderDash: dashes[series.dash],
            pointStyle: markers[series.marker], rotation: series.marker === 4 ? 180 : 0, pointRadius: series.whole ? 0 : 4,
            pointHoverRadius: series.whole ? 0 : 6, clip: 8, pointBorderColor: colour, pointBorderWidth: 1.5, pointHitRadius: series.whole ? 0 : 8,
            pointBackgroundColor: series.points.map((p) => p.suspect ? look.get("surface") : colour)};
  };

  const axis = (title, log, ticks, look) => ({
    min: ticks[0], max: ticks[ticks.length - 1], afterBuildTicks: (scale) => { scale.ticks = ticks.map((value) => ({value})); },
    type: log ? "logarithmic" : "linear", title: {display: true, text: title, color: look.get("soft")}, grid: {color: look.get("grid")},
    ticks: {color: look.get("soft"), autoSkip: true, autoSkipPadding: 6, maxRotation: 0, callback: tick},
  });

  const draw = (index, chart) => {
    const figure = document.querySelector(`.chart[data-chart="${index}"]`);
    let canvas = figure.querySelector("canvas");
    if (!canvas) {
      canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${figure.querySelector("h3").textContent}; its figures are in the table below`);
      figure.querySelector(".plot").append(canvas);
    }
    figure.classList.add("live");
    const look = colours();
    const sets = chart.series.map((series, i) => dataset(series, i, chart, look));
    if (chart.line_y !== null) {
      const xs = chart.series.flatMap((series) => series.points.map((p) => p.x));
      sets.push({label: chart.line_label, series: -1, source: -1, data: [Math.min(...xs), Math.max(...xs)].map((x) => ({x, y: chart.line_y})),
                 borderColor: look.get("claim"), borderDash: [9, 4, 2, 4], borderWidth: 1.5, pointRadius: 0, pointHitRadius: 6});
    }
    const scales = chart.bars
      ? {x: {beginAtZero: true, grid: {color: look.get("grid")}, ticks: {color: look.get("soft"), maxTicksLimit: 6, maxRotation: 0, callback: time}},
         y: {grid: {display: false}, ticks: {color: look.get("soft"), autoSkip: false}}}
      : {x: axis(chart.x_title, chart.log_x, chart.x_ticks, look), y: axis(chart.y_title, chart.log_y, chart.y_ticks, look)};
    const label = (item) => {
      const point = item.raw;
      if (chart.bars) return `${item.dataset.label}: ${time(point)}`;
      const interval = point.low ? `, 95 %: ${format.format(point.low)} to ${format.format(point.high)}` : "";
      return [item.dataset.label, `${format.format(point.y)} at ${format.format(point.x)}${interval}${point.suspect ? ", SUSPECT" : ""}`];
    };
    if (charts.has(String(index))) charts.get(String(index)).destroy();
    charts.set(String(index), new Chart(canvas, {
      type: chart.bars ? "bar" : "line", data: {labels: chart.bars ? chart.categories : undefined, datasets: sets},
      options: {animation: false, responsive: true, maintainAspectRatio: false, indexAxis: chart.bars ? "y" : "x", scales,
                interaction: {mode: "nearest", intersect: true},
                plugins: {legend: {display: false}, tooltip: {callbacks: {title: () => "", label}}}},
    }));
  };

  const drawings = JSON.parse(data.textContent);
  const drawAll = () => {
    drawings.forEach((chart, index) => {
      try {
        draw(index, chart);
      } catch (error) {
        document.querySelector(`.chart[data-chart="${index}"]`).classList.remove("live"); // the SVG is still there
        console.error(error);
      }
    });
    apply();
  };
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
