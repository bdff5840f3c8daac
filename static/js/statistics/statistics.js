// The charts of the statistics page. The tables beside them hold the same figures.

const data = JSON.parse(document.getElementById("chart-data")?.textContent || "null");
const made = [];

function colors() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    ink: of("--ns-ink"),
    muted: of("--ns-muted"),
    line: of("--ns-line"),
    reader: of("--ns-accent"),
    ai: of("--ns-ai"),
  };
}

function axis(title, color, more = {}) {
  return {
    title: { display: true, text: title, color: color.muted },
    ticks: { color: color.muted },
    grid: { color: color.line },
    ...more,
  };
}

// The whiskers of the calibration: the 95 % interval of each point.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const { ctx, scales } = chart;
    ctx.save();
    for (const point of chart.data.datasets[0].data) {
      const x = scales.x.getPixelForValue(point.x);
      ctx.strokeStyle = chart.data.datasets[0].borderColor;
      ctx.beginPath();
      ctx.moveTo(x, scales.y.getPixelForValue(point.low));
      ctx.lineTo(x, scales.y.getPixelForValue(point.high));
      ctx.stroke();
    }
    ctx.restore();
  },
};

function calibration(color) {
  const points = data.calibration.map((one) => ({ ...one, x: one.shown, y: one.found }));
  const share = { min: 0, max: 1 };
  return {
    type: "scatter",
    data: {
      datasets: [
        { label: "Studies of one tenth, with the 95 % interval", data: points, backgroundColor: color.ai, borderColor: color.ai, pointRadius: 5 },
        {
          label: "Perfect calibration",
          type: "line",
          data: [{ x: 0, y: 0 }, { x: 1, y: 1 }],
          borderColor: color.muted,
          borderDash: [4, 4],
          borderWidth: 2,
          pointStyle: "line",
          pointRadius: 0,
        },
      ],
    },
    options: {
      scales: {
        x: axis("Shown probability of a tumor", color, share),
        y: axis("Share with a tumor", color, share),
      },
    },
    plugins: [whiskers],
  };
}

function lines(names, series, color, title) {
  return {
    type: "line",
    data: {
      labels: names,
      datasets: series.map(([label, values, shade, pointStyle, borderDash]) => ({
        label,
        data: values,
        borderColor: shade,
        backgroundColor: shade,
        borderDash,
        pointStyle,
        pointRadius: 5,
        spanGaps: true,
      })),
    },
    options: {
      // A single month stands in the middle, not on the axis.
      scales: { x: axis("", color, { offset: true }), y: axis(title, color, { min: 0, max: 100 }) },
    },
  };
}

const charts = {
  calibration,
  months: (color) =>
    lines(
      data.months.names,
      [
        ["Sensitivity", data.months.sensitivity, color.reader, "circle", []],
        ["Specificity", data.months.specificity, color.ai, "rect", [6, 4]],
      ],
      color,
      "%",
    ),
  input: (color) => {
    const chart = lines(
      data.input.names,
      [
        ["Without an AI opinion (%)", data.input.abstained, color.ai, "circle", []],
        ["Out of distribution (%)", data.input.far, color.reader, "rect", [6, 4]],
        ["Median out-of-distribution score (right)", data.input.distance, color.muted, "triangle", [2, 3]],
      ],
      color,
      "% of images",
    );
    chart.data.datasets[2].yAxisID = "distance";
    chart.options.scales.distance = axis("Median out-of-distribution score", color, {
      position: "right",
      min: 0,
      suggestedMax: 1,
      grid: { drawOnChartArea: false },
    });
    return chart;
  },
};

function draw() {
  while (made.length) made.pop().destroy();
  const color = colors();
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const canvas of document.querySelectorAll("[data-chart]")) {
    const chart = charts[canvas.dataset.chart](color);
    chart.options = {
      ...chart.options,
      animation: false,
      maintainAspectRatio: false,
      clip: false,
      plugins: {
        legend: { labels: { color: color.ink, usePointStyle: true } },
      },
    };
    made.push(new window.Chart(canvas, chart));
  }
}

if (data && window.Chart) {
  draw();
  new MutationObserver(draw).observe(document.documentElement, {
    attributeFilter: ["data-bs-theme"],
  });
}
