/* A page may have been kept for a while; this asks once how its campaign stands now. Without it the page is complete. */
for (const bar of document.querySelectorAll("[data-bar]")) {
  refresh(bar);
}

async function refresh(bar) {
  let printed;
  try {
    const answer = await fetch(bar.dataset.bar, { credentials: "omit" });
    if (!answer.ok) {
      return;
    }
    printed = await answer.text();
  } catch {
    return; // offline, or a broken answer: the figures that were printed stay
  }
  const fresh = new DOMParser().parseFromString(printed, "text/html").querySelector("[data-bar]");
  if (fresh && fresh.innerHTML !== bar.innerHTML) {
    bar.replaceChildren(...fresh.childNodes);
  }
}
