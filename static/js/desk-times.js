/* "in 3 h 12 min" stays true while a page of the desk is open; without this script it is true when the page is opened. */

function span(minutes) {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  if (days) {
    return `${days} ${days === 1 ? "day" : "days"}${hours ? ` ${hours} h` : ""}`;
  }
  return [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ");
}

function fromNow(moment) {
  const seconds = (moment - Date.now()) / 1000;
  if (seconds > 0) {
    return `in ${span(Math.ceil(seconds / 60))}`;
  }
  const minutes = Math.floor(-seconds / 60);
  return minutes ? `${span(minutes)} ago` : "just now";
}

function tell() {
  for (const place of document.querySelectorAll("[data-from-now]")) {
    place.textContent = fromNow(Date.parse(place.dataset.fromNow));
  }
}

setInterval(tell, 10_000);
