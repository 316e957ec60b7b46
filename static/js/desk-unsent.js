/* "Send it now" goes with the token of the session that is there now: signing in elsewhere has replaced the page's own.
   Without this the press is refused once more, with everything that was typed. */

const form = document.querySelector("#unsent");

async function tokenOfNow() {
  const answer = await fetch(form.dataset.login); // signed in, it leads to the desk; either page has a form of ours
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[name=csrfmiddlewaretoken]")?.value;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = await tokenOfNow().catch(() => null); // without a connection the browser itself says so
  if (token) form.elements.csrfmiddlewaretoken.value = token;
  HTMLFormElement.prototype.submit.call(form);
});
