/* A button that copies a preview link. Without it the address can be selected and copied by hand. */

for (const place of document.querySelectorAll("[data-copy]")) {
  const field = place.querySelector("input");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "act", textContent: "Copy" });
  const said = Object.assign(document.createElement("span"), { className: "copied" });
  said.setAttribute("role", "status");
  button.setAttribute("aria-describedby", place.querySelector("label").id);
  button.addEventListener("click", async () => {
    field.select();
    const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    said.textContent = copied ? "Copied" : "Selected: copy it with your keyboard";
  });
  field.addEventListener("focus", () => field.select());
  place.append(button, said);
}
