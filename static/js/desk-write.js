/* What makes writing lighter. The form works without any of it; each part looks after one thing. */

const story = document.querySelector("[data-story]");
const all = (selector, from = story) => [...from.querySelectorAll(selector)];
const named = (name) => story.elements[name];
let touched = story.querySelector(".errornote, [data-unsaved]") !== null; // whether something stands here that is stored nowhere

/* --- The editor: names for what only shows a picture ----------------------------------------------------------- */

const BUTTONS = {
  heading2: "Heading",
  heading3: "Subheading",
  bulletList: "List",
  orderedList: "Numbered list",
  blockquote: "Quote",
  horizontalRule: "Divider",
  bold: "Bold",
  italic: "Italic",
  link: "Link",
  unlink: "Remove link",
  "history:undo": "Undo",
  "history:redo": "Redo",
};

document.addEventListener("prose-editor:ready", ({ detail: { editor, textarea } }) => {
  const name = { "aria-label": "Text of the story", "aria-multiline": "true", role: "textbox" };
  const speak = () => editor.setOptions({ editorProps: { attributes: { ...name, lang: named("language").value, dir: "auto" } } });
  named("language").addEventListener("change", speak);
  speak();
  const bar = () => editor.view.dom.parentElement.querySelector(".prose-menubar");
  if (bar()) equipToolbar(editor, bar());
  else editor.on("create", () => equipToolbar(editor, bar()));
  keepRestored(editor, textarea);
  editor.on("update", () => { touched = true; });
});

/* Going back, the browser puts what was typed into the textarea that nobody sees: the editor shows the same words. */
function keepRestored(editor, textarea) {
  let shown = textarea.defaultValue;
  const look = () => {
    if (textarea.value === shown) return;
    shown = textarea.value;
    touched = true;
    if (shown !== editor.getHTML()) editor.commands.setContent(shown);
  };
  editor.on("update", () => { shown = textarea.value; });
  const looks = () => requestAnimationFrame(look);
  if (document.readyState === "complete") looks();
  window.addEventListener("load", looks);
  window.addEventListener("pageshow", looks);
}

function equipToolbar(editor, bar) {
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Formatting");
  const buttons = all("button", bar);
  for (const button of buttons) {
    const name = BUTTONS[button.dataset.name];
    if (name) {
      button.title = name;
      button.setAttribute("aria-label", name);
    }
  }
  const tell = () => {
    const list = bar.querySelector('[data-name="bulletList"]');
    if (list) list.classList.toggle("active", editor.isActive("bulletList"));
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.classList.contains("active")));
      button.setAttribute("aria-disabled", String(button.classList.contains("disabled")));
    }
  };
  editor.on("transaction", () => requestAnimationFrame(tell));
  tell();
}

/* --- The headline is one line of text, however long ------------------------------------------------------------- */

for (const field of [named("headline"), named("standfirst")]) {
  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  field.addEventListener("input", grow);
  grow();
}

named("headline").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    named("standfirst").focus();
  }
});

/* --- The byline: move, remove, add ----------------------------------------------------------------------------- */

function byline() {
  const group = story.querySelector("[data-byline]");
  const place = group.querySelector("[data-lines]");
  const total = named("byline-TOTAL_FORMS");
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  said.setAttribute("role", "status");
  group.append(said);

  const shown = () => all("[data-line]", place).filter((line) => !line.hidden);
  const who = (line) => {
    const author = line.querySelector("select");
    return author.value ? author.selectedOptions[0].textContent : "Empty line";
  };
  const number = () => {
    const lines = shown();
    lines.forEach((line, index) => {
      line.querySelector("[data-place] input").value = index + 1;
      line.setAttribute("aria-label", `Byline, line ${index + 1}`);
      line.querySelector("[data-up]").disabled = index === 0;
      line.querySelector("[data-down]").disabled = index === lines.length - 1;
    });
    story.dispatchEvent(new Event("input"));
  };
  const button = (text, label, mark, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "act", textContent: text });
    made.setAttribute("aria-label", label);
    made.title = label;
    if (mark) made.setAttribute(mark, "");
    made.addEventListener("click", act);
    return made;
  };
  const move = (line, step) => {
    const lines = shown();
    const other = lines[lines.indexOf(line) + step];
    if (!other) return;
    if (step < 0) other.before(line);
    else other.after(line);
    number();
    said.textContent = `${who(line)} is now in place ${shown().indexOf(line) + 1}.`;
    const again = line.querySelector(step < 0 ? "[data-up]" : "[data-down]");
    (again.disabled ? line.querySelector("select") : again).focus();
  };
  const equip = (line) => {
    line.querySelector("[data-place]").hidden = true;
    const remove = line.querySelector("[data-remove]");
    remove.hidden = true;
    const moves = Object.assign(document.createElement("div"), { className: "byline-moves" });
    moves.append(
      button("↑", "Move up", "data-up", () => move(line, -1)),
      button("↓", "Move down", "data-down", () => move(line, 1)),
      button("Remove", "Remove from the byline", "", () => {
        remove.querySelector("input").checked = true;
        line.hidden = true;
        number();
        said.textContent = `${who(line)} was removed.`;
        add.focus();
      }),
    );
    line.querySelector(".byline-fields").append(moves);
  };
  const add = button("Add somebody", "Add somebody to the byline", "", () => {
    const text = group.querySelector("[data-empty]").innerHTML.replaceAll("__prefix__", total.value);
    place.insertAdjacentHTML("beforeend", text);
    total.value = Number(total.value) + 1;
    const line = place.lastElementChild;
    equip(line);
    number();
    line.querySelector("select").focus();
  });
  group.append(add);
  const lines = all("[data-line]", place);
  lines.forEach(equip);
  lines.filter((line, index) => index && !line.querySelector("select").value && !line.querySelector(".errorlist"))
    .forEach((line) => { line.hidden = true; });
  number();
}
byline();

/* --- The picture: what must stay in view ------------------------------------------------------------------------ */

function picture() {
  const box = story.querySelector("[data-focal]");
  const frame = box.querySelector("[data-focal-picture]");
  const field = named("lead_focal");
  const mark = Object.assign(document.createElement("span"), { className: "focal-mark" });
  const show = () => {
    const [x, y] = /^\d{1,3},\d{1,3}$/.test(field.value) ? field.value.split(",") : [50, 50];
    mark.style.left = `${x}%`;
    mark.style.top = `${y}%`;
  };
  const choose = () => {
    const chosen = story.querySelector('input[name="lead_picture"]:checked');
    const address = chosen && chosen.dataset.small;
    box.hidden = !address;
    if (!address) return;
    const image = Object.assign(document.createElement("img"), { src: address, alt: "" });
    frame.replaceChildren(image, mark);
    show();
  };
  frame.addEventListener("click", (event) => {
    const area = frame.getBoundingClientRect();
    const percent = (part, whole) => Math.min(100, Math.max(0, Math.round((100 * part) / whole)));
    field.value = `${percent(event.clientX - area.left, area.width)},${percent(event.clientY - area.top, area.height)}`;
    show();
  });
  field.addEventListener("input", show);
  all('input[name="lead_picture"]').forEach((input) => input.addEventListener("change", choose));
  choose();
}
picture();

/* --- Topics: a word to look for, where there are many ------------------------------------------------------------ */

function topics() {
  const group = story.querySelector("[data-topics]");
  const choices = all(".topics-choices > div", group);
  if (choices.length < 12) return;
  const filter = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find a topic" });
  filter.setAttribute("aria-label", "Find a topic");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const choice of choices) {
      const kept = choice.textContent.toLowerCase().includes(wanted) || choice.querySelector("input").checked;
      choice.hidden = !kept;
    }
  });
  group.querySelector(".topics-choices").before(filter);
}
topics();

/* --- One press, one save ------------------------------------------------------------------------------------------ */

let sent = false;

/* Leaving with words that were not sent, or were sent and refused, is asked about first. */
const touch = () => { touched = true; };
for (const kind of ["input", "change"]) story.addEventListener(kind, (event) => { if (event.isTrusted) touch(); });
story.querySelector("[data-byline]").addEventListener("click", ({ target }) => { if (target.closest("button")) touch(); });
window.addEventListener("beforeunload", (event) => {
  if (touched && !sent) event.preventDefault();
});

story.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
window.addEventListener("pageshow", () => {
  sent = false;
});
