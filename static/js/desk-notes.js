/* Notes are added and resolved in their place, so that nothing typed into the story is left. Selected words are quoted. */

const form = document.querySelector("[data-notes-form]");
const notes = () => document.querySelector("[data-notes]");

/* What is typed into a note is no change of the story around it. */
function apart(section) {
  for (const kind of ["input", "change"]) section.addEventListener(kind, (event) => event.stopPropagation());
}

async function send(event) {
  event.preventDefault();
  const resolves = event.submitter?.hasAttribute("formaction");
  const wasOpen = notes().querySelector(".note-new").open;
  try {
    const answer = await fetch(resolves ? event.submitter.formAction : form.action, {
      method: "POST",
      headers: { "X-Requested-With": "fetch" },
      body: new URLSearchParams(new FormData(form)),
    });
    if (answer.redirected || (!answer.ok && answer.status !== 422)) throw new Error(answer.statusText);
    put(await answer.text(), answer.ok, resolves, wasOpen);
  } catch {
    say("This could not be sent; are you still signed in? It is still here: try again.");
  }
}

function put(html, done, resolves, wasOpen) {
  const typed = resolves ? new FormData(form) : null;
  notes().outerHTML = html;
  apart(notes());
  const add = notes().querySelector(".note-new");
  if (typed) {
    add.open = wasOpen;
    for (const name of ["text", "quote"]) form.elements[name].value = typed.get(name);
  }
  if (done) say(resolves ? "The note is resolved." : "The note is added.");
  (done ? add.querySelector("summary") : form.elements.text).focus();
}

function say(words) {
  const place = notes().querySelector("[data-notes-said]");
  place.classList.remove("visually-hidden");
  place.textContent = words;
}

/* --- What is selected in the text stands in the note that is begun ----------------------------------------------- */

const TEXTS = ".ProseMirror, .proof, .diff";

function quote() {
  const selected = document.getSelection();
  const words = selected.toString().replace(/\s+/g, " ").trim();
  const begun = selected.anchorNode?.parentElement;
  if (words && begun?.closest(TEXTS)) form.elements.quote.value = words.slice(0, 1000);
}

if (form && notes()) {
  apart(notes());
  form.addEventListener("submit", send);
  document.addEventListener("selectionchange", quote);
}
