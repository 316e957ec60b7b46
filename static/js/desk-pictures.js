/* The dialog in which a picture for the text is found or uploaded, and described. The editor opens it by the event
   "story-picture", with what to do once it is decided. */

const dialog = document.querySelector("[data-picture-dialog]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const words = Object.fromEntries([...dialog.querySelectorAll("[data-word]")].map((field) => [field.dataset.word, field]));
const list = part("pictures-list");
const PAUSE = 250; // milliseconds without a key, after which the archive is searched

let asked = null; // the editor's event: what is edited, and what to do with the answer
let chosen = null; // { key, title, alt, credit } of the archive, or { file } to be uploaded
let page = 1;
let search = 0; // counts searches, so that a late answer is not taken for that of the last one

/* --- The desk's answers --------------------------------------------------------------------------------------------- */

const SIGNED_OUT = "The desk did not answer as it should; you may be signed out. Sign in in another tab, then try again.";

async function answerOf(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Error("The desk cannot be reached. Your words are still here: try again in a moment.");
  }
  if (!response.headers.get("Content-Type")?.includes("json")) throw new Error(SIGNED_OUT);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.problem);
  return answer;
}

const archive = (query) => answerOf(fetch(`${dialog.dataset.pictures}choices/?${new URLSearchParams(query)}`));

async function upload({ file }) {
  const { token } = await archive({ page: 1 }); // the page's own token is old once somebody signed in again
  const body = new FormData();
  body.append("upload", file);
  for (const name of ["alt", "credit"]) body.append(name, words[name].value.trim());
  body.append("title", titleOf());
  const headers = { "X-CSRFToken": token };
  return answerOf(fetch(`${dialog.dataset.pictures}upload/`, { method: "POST", body, headers }));
}

/* What colleagues will find it by: what it shows, or the story it came with. */
function titleOf() {
  const headline = document.querySelector("[name=headline]").value.trim();
  return (words.alt.value.trim() || words.caption.value.trim() || headline || "Picture without a title").slice(0, 120);
}

/* --- What the dialog shows ------------------------------------------------------------------------------------------ */

function problem(text) {
  part("problem").textContent = text;
  part("problem").hidden = !text;
  if (text) part("problem").scrollIntoView({ block: "nearest" });
}

function choiceOf(picture) {
  const label = Object.assign(document.createElement("label"), { className: "picker-choice" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "archive-picture" });
  const image = Object.assign(document.createElement("img"), { src: picture.small, alt: "", loading: "lazy" });
  radio.value = picture.key;
  radio.checked = picture.key === chosen?.key;
  radio.addEventListener("change", () => choose(picture));
  label.append(radio, image, Object.assign(document.createElement("span"), { textContent: picture.title }));
  return label;
}

async function find({ more = false } = {}) {
  const mine = ++search;
  page = more ? page + 1 : 1;
  try {
    const found = await archive({ q: part("search").value, page });
    if (mine !== search) return;
    const first = found.pictures.map(choiceOf);
    if (more) list.append(...first);
    else list.replaceChildren(...first);
    part("more").hidden = !found.more;
    part("found").textContent = list.children.length ? "" : "No picture has these words. Upload it, or try another word.";
    if (more) first[0]?.querySelector("input").focus();
  } catch (error) {
    problem(error.message);
  }
}

async function preview(picture) {
  const place = part("preview");
  if (!picture.file) {
    place.replaceChildren(Object.assign(document.createElement("img"), { src: picture.small, alt: picture.alt }));
    return;
  }
  const canvas = document.createElement("canvas");
  place.replaceChildren(canvas);
  try {
    const bitmap = await createImageBitmap(picture.file, { resizeWidth: 480 });
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
  } catch {
    canvas.remove(); // the desk says what is wrong with the file, when it is sent
  }
}

/* A picture brings its own words, in place of those of the one that was chosen before. */
function choose(picture) {
  for (const name of ["alt", "credit"]) {
    const before = chosen?.[name] ?? "";
    if (words[name].value === before) words[name].value = picture[name] ?? "";
  }
  chosen = picture;
  problem("");
  settle();
}

/* The list while one looks for a picture; the picture itself, with its words, once there is one. */
function settle({ looking = false } = {}) {
  part("nothing").hidden = Boolean(chosen);
  part("chosen").hidden = !chosen;
  part("words").hidden = !chosen;
  part("put").disabled = !chosen;
  part("choice").hidden = Boolean(chosen) && (Boolean(asked.figure) || Boolean(chosen.file)) && !looking;
  part("another").hidden = !part("choice").hidden;
  part("put").textContent = asked.figure ? "Change it" : "Put it into the text";
  part("take-out").hidden = !asked.figure;
  if (!chosen) return;
  part("title").textContent = chosen.file ? `${chosen.file.name} (new)` : chosen.title;
  preview(chosen);
}

function open({ detail }) {
  asked = detail;
  chosen = null;
  const { figure, file } = detail;
  for (const name of Object.keys(words)) words[name].value = figure?.[name] ?? "";
  part("search").value = "";
  part("file").value = "";
  problem("");
  if (figure) chosen = { key: figure.picture, title: "", small: `${dialog.dataset.pictures}${figure.picture}/small/`, ...figure };
  if (file) chosen = { file };
  settle();
  dialog.showModal();
  (chosen ? words.alt : part("search")).focus();
  find();
}

/* --- What is done in it --------------------------------------------------------------------------------------------- */

async function put() {
  part("put").disabled = true;
  problem("");
  try {
    const { key } = chosen.file ? await upload(chosen) : chosen;
    const said = Object.entries(words).map(([name, field]) => [name, field.value.trim().replace(/\s+/g, " ")]);
    dialog.close("done");
    asked.put({ picture: key, ...Object.fromEntries(said) });
  } catch (error) {
    problem(error.message);
  }
  part("put").disabled = false;
}

let waiting = 0;
part("search").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(find, PAUSE);
});
part("search").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // it searches; the picture is put in by its button
  clearTimeout(waiting);
  find();
});
part("file").addEventListener("change", ({ target }) => {
  if (!target.files.length) return;
  choose({ file: target.files[0] });
  words.alt.focus();
});
part("more").addEventListener("click", () => find({ more: true }));
part("another").addEventListener("click", () => {
  settle({ looking: true });
  part("search").focus();
});
part("cancel").addEventListener("click", () => dialog.close());
part("take-out").addEventListener("click", () => {
  dialog.close("done");
  asked.remove();
});
dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (chosen && !part("put").disabled) put();
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue !== "done") asked.back();
  dialog.returnValue = "";
});
document.addEventListener("story-picture", open);
