/* Draws the charts of a campaign from the tables beside them, and keeps an open page fresh. The page is complete without. */

const DAY = 86_400_000;
const ASK_AGAIN = 20_000;
const drawn = new Map();

// --- What is drawn: the tables, oldest row first --------------------------------------------------------------------

function rowsOf(name) {
  const rows = [...document.querySelectorAll(`#rows-${name} tr`)].reverse();
  return rows.map((row) => [...row.cells].map((cell) => ({ text: cell.textContent.trim(), value: cell.dataset.value })));
}

function numbers(rows, column) {
  return rows.map((row) => (row[column].value === "" ? null : Number(row[column].value)));
}

function dayOf(text) {
  return Date.parse(`${text}T00:00:00Z`) / DAY;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    accent: token("accent"),
    ink: token("ink"),
    soft: token("ink-soft"),
    edge: token("hairline-strong"),
    hairline: token("hairline"),
    wash: token("accent-wash"),
    paper: token("paper"),
    correction: token("correction"),
    font: token("sans"),
  };
}

// --- Three charts -----------------------------------------------------------------------------------------------------

/* What was raised so far with the pace above, what each day brought below, on one line of days. */
function courseOfDays(place, colour) {
  const rows = rowsOf("days");
  const at = rows.map((row) => dayOf(row[0].value));
  const along = (column) => numbers(rows, column).map((y, index) => ({ x: at[index], y }));
  const first = dayOf(place.dataset.starts);
  const last = place.dataset.ends ? dayOf(place.dataset.ends) : Math.max(...at, first + 1);
  const goal = place.dataset.goal ? Number(place.dataset.goal) : null;
  const hasPace = numbers(rows, 4).some((value) => value !== null);
  const begins = { x: first, y: 0 };
  const even = [begins, ...along(4), ...(goal === null ? [] : [{ x: last, y: goal }])];
  const bars = { type: "bar", yAxisID: "brought", stack: "day", barThickness: "flex", maxBarThickness: 6 };
  const line = { type: "line", yAxisID: "y", pointRadius: 0, pointHitRadius: 8 };
  const dashed = { borderColor: colour.edge, borderWidth: 2, borderDash: [5, 4] };
  const pace = { ...line, ...dashed, label: "On track", data: even, order: -1 }; // before the wash of what was raised
  return {
    data: {
      datasets: [
        {
          ...line,
          label: "Raised so far",
          data: [begins, ...along(3)],
          stepped: "after",
          borderColor: colour.accent,
          borderWidth: 2.5,
          backgroundColor: colour.wash,
          fill: "origin",
        },
        ...(hasPace ? [pace] : []),
        { ...bars, label: "Once", data: along(1), backgroundColor: colour.edge },
        { ...bars, label: "Monthly", data: along(2), backgroundColor: colour.accent },
      ],
    },
    options: {
      interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: {
        x: {
          type: "linear",
          offset: false,
          min: first,
          max: last,
          grid: { display: false },
          ticks: { maxRotation: 0, callback: (day) => dayInWords(day, last - first) },
          afterBuildTicks: (axis) => {
            axis.ticks = ticksBetween(first, last).map((value) => ({ value }));
          },
        },
        brought: { ...amounts(place, colour, 3), stack: "course", stackWeight: 1, stacked: true, offset: true },
        y: { ...amounts(place, colour), stack: "course", stackWeight: 3, offset: true },
      },
      plugins: { tooltip: { callbacks: { title: (items) => inFull(items[0].parsed.x) } } },
    },
  };
}

function courseOfMonths(place, colour) {
  const rows = rowsOf("months");
  const bars = (label, column, backgroundColor) => ({ label, data: numbers(rows, column), backgroundColor, ...BAR });
  return {
    type: "bar",
    data: {
      labels: rows.map((row) => row[0].text),
      datasets: [bars("Once", 1, colour.edge), bars("Monthly", 2, colour.accent)],
    },
    options: { scales: { x: months(), y: amounts(place, colour) } },
  };
}

/* Who joined above the line, who left below it. */
function courseOfMembers(place, colour) {
  const rows = rowsOf("members");
  const left = numbers(rows, 2).map((number) => -number);
  return {
    type: "bar",
    data: {
      labels: rows.map((row) => row[0].text),
      datasets: [
        { label: "Joined", data: numbers(rows, 1), backgroundColor: colour.accent, stack: "all", ...BAR },
        { label: "Left", data: left, backgroundColor: colour.correction, stack: "all", ...BAR },
      ],
    },
    options: {
      scales: {
        x: { ...months(), stacked: true },
        y: {
          stacked: true,
          border: { display: false },
          grid: { color: colour.hairline },
          ticks: { precision: 0, maxTicksLimit: 6, callback: Math.abs },
        },
      },
      plugins: {
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${Math.abs(item.raw)}` } },
      },
    },
  };
}

const CHARTS = { days: courseOfDays, months: courseOfMonths, members: courseOfMembers };
const BAR = { maxBarThickness: 28, categoryPercentage: 0.7, barPercentage: 0.95 };

// --- Axes ---------------------------------------------------------------------------------------------------------------

function amounts(place, colour, maxTicksLimit = 6) {
  const short = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: place.dataset.currency,
    notation: "compact",
    maximumFractionDigits: 1,
  });
  return {
    beginAtZero: true,
    border: { display: false },
    grid: { color: colour.hairline },
    ticks: { maxTicksLimit, callback: (amount) => short.format(amount) },
  };
}

function months() {
  return { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 12 } };
}

/* The first of every month, or every week of a short campaign; fewer where there is no room. */
function ticksBetween(first, last) {
  if (last - first <= 62) {
    return Array.from({ length: Math.floor((last - first) / 7) + 1 }, (_, week) => first + 7 * week);
  }
  const ticks = [];
  const start = new Date(first * DAY);
  for (let month = start.getUTCMonth(); ; month += 1) {
    const day = Date.UTC(start.getUTCFullYear(), month, 1) / DAY;
    if (day > last) {
      return ticks;
    }
    if (day >= first) {
      ticks.push(day);
    }
  }
}

function dayInWords(day, span) {
  const parts = span <= 62 ? { month: "short", day: "numeric" } : { month: "short" };
  const isLong = span > 400;
  return new Intl.DateTimeFormat("en-US", {
    ...parts,
    ...(isLong ? { year: "2-digit" } : {}),
    timeZone: "UTC",
  }).format(day * DAY);
}

function inFull(day) {
  return new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" }).format(day * DAY);
}

// --- Drawing --------------------------------------------------------------------------------------------------------------

function draw(place) {
  const colour = colours();
  const name = place.dataset.chart;
  drawn.get(name)?.destroy();
  drawn.delete(name);
  if (!document.querySelector(`#rows-${name} tr`)) {
    place.replaceChildren();
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A chart of the table “${document.getElementById(`course-${name}`).textContent}”.`);
  place.replaceChildren(canvas);
  drawn.set(name, new Chart(canvas, inOurLook(CHARTS[name](place, colour), colour)));
}

function inOurLook(chart, colour) {
  const plugins = chart.options.plugins ?? {};
  Object.assign(Chart.defaults, { animation: false, color: colour.soft, maintainAspectRatio: false, responsive: true });
  Object.assign(Chart.defaults.font, { family: colour.font, size: 13 });
  chart.options.plugins = {
    ...plugins,
    legend: { align: "start", labels: { boxWidth: 14, boxHeight: 3, color: colour.ink, padding: 14 } },
    tooltip: {
      backgroundColor: colour.ink,
      titleColor: colour.paper,
      bodyColor: colour.paper,
      cornerRadius: 2,
      displayColors: false,
      ...plugins.tooltip,
    },
  };
  return chart;
}

function drawAll() {
  for (const place of document.querySelectorAll("[data-chart]")) {
    draw(place);
  }
}

// --- Fresh while the page is open -------------------------------------------------------------------------------------------

const page = document.querySelector("[data-fresh]");
const says = document.querySelector("[data-fresh-says]");
let { freshTag: tag, freshSaid: said } = page.dataset;
let failures = 0;
let timer;

async function ask() {
  try {
    const headers = { "If-None-Match": tag };
    const answer = await fetch(page.dataset.fresh, { headers, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 404) {
      say("You are signed out, so these figures stand still. Sign in again to see how the campaign stands.");
      return;
    }
    if (answer.status !== 200 && answer.status !== 304) {
      throw new Error(`The desk answered ${answer.status}.`);
    }
    if (failures >= 3) {
      say("The desk can be reached again, and these figures are kept fresh.");
    }
    if (answer.status === 200) {
      put(await answer.json());
      tag = answer.headers.get("ETag") ?? "";
    }
    failures = 0;
  } catch {
    failures += 1;
    if (failures === 3) {
      say("The desk cannot be reached at the moment, so these figures stand still.");
    }
  }
  wait();
}

/* Only what has changed is put in, so that nobody loses a place in a table. */
function put(fresh) {
  let moved = false;
  for (const [id, html] of Object.entries(fresh.parts)) {
    const place = document.getElementById(id);
    const made = document.createElement(place.tagName);
    made.innerHTML = html;
    if (made.innerHTML.trim() !== place.innerHTML.trim()) {
      place.replaceChildren(...made.childNodes);
      moved ||= id.startsWith("rows-");
    }
  }
  if (moved) {
    drawAll();
  }
  if (said !== fresh.said) {
    say(`${fresh.said} now.`);
  }
  said = fresh.said;
}

function say(words) {
  says.textContent = words;
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden) {
    timer = setTimeout(ask, ASK_AGAIN);
  }
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) {
    ask();
  }
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
document.fonts.ready.then(drawAll);
wait();
