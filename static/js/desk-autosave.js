/* What is typed is kept at the desk every few seconds, for its writer alone: after a crash the form offers it again. */

const WAIT = 3000; // milliseconds after a change
const AGAIN = 10_000; // after a failure
const MOST_AT_THE_END = 60_000; // bytes that a browser still sends while a page is closed

const story = document.querySelector("[data-story]");
const place = story?.querySelector("[data-keep]").dataset.keep;
const line = story?.querySelector("[data-kept]");
const undecided = document.querySelector("[data-offer]") !== null;

/* Everything that is typed and chosen, but for a file: its picture has to be chosen once more. */
function words() {
  return new URLSearchParams([...new FormData(story)].filter(([, value]) => typeof value === "string")).toString();
}

let known = story && words();
let timer = 0;
let sending = null;
let stopped = false;

function say(text, isTrouble = false) {
  line.classList.toggle("kept--trouble", isTrouble);
  if (line.textContent !== text) line.textContent = text;
}

async function told(answer) {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  if (isJson && answer.ok) {
    const { kept } = await answer.json();
    say(kept ? `Kept for you at ${kept}, and not saved yet.` : "");
  } else if (isJson) {
    say((await answer.json()).said, true);
  } else {
    say("Not kept: you seem to be signed out. Press Save; nothing that you typed is lost.", true);
  }
}

async function keep({ closing = false } = {}) {
  clearTimeout(timer);
  timer = 0;
  const now = words();
  if (stopped || undecided || now === known) return;
  if (sending) {
    later(WAIT);
    return;
  }
  sending = new AbortController();
  try {
    const answer = await fetch(place, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: now,
      keepalive: closing && now.length < MOST_AT_THE_END,
      signal: sending.signal,
    });
    known = now;
    await told(answer);
  } catch {
    if (!stopped) {
      say("Not kept: the desk does not answer. It is tried again.", true);
      later(AGAIN);
    }
  } finally {
    sending = null;
  }
}

function later(wait) {
  timer ||= setTimeout(keep, wait);
}

if (story) {
  if (undecided) say("Nothing is kept while other words wait at the top of this page.", true);
  for (const kind of ["input", "change", "click"]) story.addEventListener(kind, () => later(WAIT));
  document.addEventListener("prose-editor:ready", ({ detail: { editor } }) => editor.on("update", () => later(WAIT)));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) keep({ closing: true });
  });
  if (story.querySelector(".errornote")) {
    known = ""; // refused, and stored nowhere
    later(WAIT);
  }
  story.addEventListener("submit", () => {
    stopped = true;
    clearTimeout(timer);
    sending?.abort();
  });
  window.addEventListener("pageshow", () => {
    stopped = false;
  });
}
