/* The checklist while one writes: what is typed shows at once; what the desk must look up follows a moment later. */

const PAUSE = 1200; // milliseconds without typing before the desk is asked
const form = document.querySelector("[data-story]");
const panel = form.querySelector("[data-checklist]");
const list = panel.querySelector("[data-checks]");
const summary = panel.querySelector("[data-summary]");

const text = (name) => form.elements[name].value.trim() !== "";
const pictured = () => {
  const chosen = form.querySelector('input[name="lead_picture"]:checked');
  return (chosen && chosen.value !== "") || form.elements.new_picture.value !== "";
};
const passed = {
  headline: () => text("headline"),
  section: () => text("section"),
  byline: () => [...form.querySelectorAll("[data-line]")].some((line) => !line.hidden && line.querySelector("select").value),
  standfirst: () => text("standfirst"),
  "alt text": () => !pictured() || text("lead_alt"),
  credit: () => !pictured() || text("lead_credit"),
};

function look() {
  const open = { "to do": 0, waived: 0, "worth a look": 0 };
  for (const item of list.children) {
    const check = passed[item.dataset.check];
    if (check) item.classList.toggle("check--passed", Boolean(check()));
    const done = item.classList.contains("check--passed");
    item.querySelector("[data-state]").textContent = done ? "done" : item.dataset.otherwise;
    if (!done) open[item.dataset.otherwise] += 1;
  }
  const words = said(open["to do"], open["worth a look"]);
  if (summary.textContent !== words) summary.textContent = words;
}

function said(missing, doubtful) {
  const ready = missing ? `${missing} ${missing === 1 ? "point" : "points"} to do.` : "Ready to be submitted.";
  return doubtful ? `${ready} ${doubtful} worth a look.` : ready;
}

let asked = new AbortController();
let pause;

/* Where the desk cannot be asked, the list stays as it was: saving looks at everything again. */
async function ask() {
  asked.abort();
  asked = new AbortController();
  const typed = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") typed.append(name, value);
  const answer = await fetch(panel.dataset.checklist, { method: "POST", body: typed, signal: asked.signal }).catch(() => null);
  const html = answer?.ok ? (await answer.text().catch(() => "")).trim() : "";
  if (html.startsWith("<li")) {
    list.innerHTML = html;
    look();
  }
}

function later() {
  look();
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE);
}

for (const kind of ["input", "change"]) form.addEventListener(kind, later);
document.addEventListener("prose-editor:ready", ({ detail: { editor } }) => editor.on("update", later));
look();
if (form.querySelector(".errornote")) ask(); // what stands in the form is not what was saved
