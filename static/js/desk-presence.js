/* Who else has this story open: asked every 20 seconds, which also says that it is open here. */

const EVERY = 20_000;
const list = document.querySelector("[data-present]");

function show(sentences) {
  const shown = [...list.children].map((item) => item.textContent);
  if (shown.join("\n") === sentences.join("\n")) return; // nothing new is read out again
  list.replaceChildren(...sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

async function ask() {
  if (document.hidden) return; // a tab in the background is not open before anybody's eyes
  try {
    const answer = await fetch(list.dataset.present, {
      method: "POST",
      headers: { "X-CSRFToken": list.dataset.csrf },
    });
    if (answer.ok) show((await answer.json()).present);
  } catch {
    show([]); // without a connection nobody knows
  }
}

if (list) {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
