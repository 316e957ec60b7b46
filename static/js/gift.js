/* The gift form is complete without this. It only lets the button say what it does, and an amount of one's own replace a
   suggested one while it is typed. */
const form = document.querySelector("[data-gift-form]");
const button = form.querySelector("button[data-once]");
const own = form.elements.amount_other;
const plain = button.textContent;

form.addEventListener("input", (event) => {
  if (event.target === own && own.value.trim()) {
    for (const radio of form.querySelectorAll("[name=amount]:checked")) {
      radio.checked = false;
    }
  } else if (event.target.name === "amount") {
    own.value = "";
  }
  say();
});
window.addEventListener("pageshow", say); // a browser may fill the form in after it has loaded

function say() {
  const amount = amountInWords();
  const sentence = form.elements.frequency.value === "monthly" ? button.dataset.monthly : button.dataset.once;
  button.textContent = amount ? sentence.replace("{amount}", amount) : plain;
}

/* The amount as it will be charged, or nothing where the server has to look at it first. */
function amountInWords() {
  const typed = own.value.trim();
  if (typed) {
    return /^\d+(\.\d\d)?$/.test(typed) ? own.dataset.unit + typed : "";
  }
  const chosen = form.querySelector("[name=amount]:checked");
  return chosen ? chosen.closest("label").textContent.trim() : "";
}
