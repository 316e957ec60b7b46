/* A page may have been kept for a while; this asks once how its campaign stands now. Without it the page is complete. */
for (const bar of document.querySelectorAll("[data-campaign]")) {
  refresh(bar);
}

async function refresh(bar) {
  let campaign;
  try {
    const answer = await fetch(bar.dataset.campaign, { credentials: "omit" });
    if (!answer.ok) {
      return;
    }
    campaign = await answer.json();
  } catch {
    return; // offline, or a broken answer: the figures that were printed stay
  }
  show(bar, "[data-raised]", money(campaign.raised, campaign.currency));
  if (campaign.goal !== null) {
    show(bar, "[data-percent]", campaign.percent);
    const progress = bar.querySelector("progress");
    if (progress) {
      progress.value = Math.min(campaign.percent, 100);
    }
  }
}

function show(bar, place, words) {
  const element = bar.querySelector(place);
  if (element) {
    element.textContent = words;
  }
}

/* Minor units in words, as the server prints them: whole amounts without decimals. */
function money(minor, currency) {
  const format = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  const digits = new Intl.NumberFormat("en", format).resolvedOptions().maximumFractionDigits;
  const amount = minor / 10 ** digits;
  const fraction = Number.isInteger(amount) ? 0 : digits;
  return new Intl.NumberFormat("en", { ...format, minimumFractionDigits: fraction, maximumFractionDigits: fraction }).format(amount);
}
