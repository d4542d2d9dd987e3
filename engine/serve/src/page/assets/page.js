// Keys for people who look at many incidents. The page works without this file.
"use strict";

const rows = [...document.querySelectorAll("[data-row]")];
const search = document.querySelector("[data-search]");

function move(step) {
  if (rows.length === 0) return;
  const now = rows.indexOf(document.activeElement);
  const next = now === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + step, 0), rows.length - 1);
  rows[next].focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  }
});

// Times in the reader's own zone, the exact one on hover.
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  time.title = time.dateTime;
  time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
