// Times are the clinic's. Where the browser is in another zone, each time says which one it is in,
// also where it is drawn anew. So does the label of a field in which a moment of now is entered.

import { zoneAt } from "./clinic_time.js";

const CLOCK_TIME = /\d:\d\d/;

function mark() {
  for (const element of document.querySelectorAll("time[datetime]:not([data-zone])")) {
    const moment = new Date(element.dateTime);
    // A day has no zone.
    if (!element.dateTime.includes("T") || Number.isNaN(moment.valueOf())) continue;
    // Nor has a duration ("2 h"), nor a date alone.
    if (!CLOCK_TIME.test(element.textContent)) continue;
    element.dataset.zone = zoneAt(moment);
    if (element.dataset.zone) element.append(` ${element.dataset.zone}`);
  }
  const zone = zoneAt(new Date());
  for (const label of document.querySelectorAll("[data-zone-now]:empty"))
    if (zone) label.append(` (${zone})`);
}

if (document.documentElement.dataset.timeZone) {
  mark();
  // Before it is painted, whoever draws: what polls would flicker otherwise.
  new MutationObserver(mark).observe(document.documentElement, { childList: true, subtree: true });
}
