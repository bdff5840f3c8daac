// Moments in the clinic's time zone, with its name where the browser's clock shows another time. That
// is decided here for what the server wrote, for what a script writes, and for the viewer, whose
// bundle has this file built in (viewer/src/times.ts).

const clinic = document.documentElement.dataset.timeZone || undefined;
/** @type {Intl.DateTimeFormatOptions} */
const TO_THE_MINUTE = { dateStyle: "short", timeStyle: "short" };

/**
 * The moment as the clinic's clock and calendar show it, in the form that every page has.
 * @param {Date} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
export function inClinic(moment, options) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: clinic, ...options }).format(moment);
}

/**
 * The name of the clinic's time zone; empty where the browser's clock shows the same.
 * @param {Date} moment
 */
export function zoneAt(moment) {
  const here = new Intl.DateTimeFormat("en-GB", TO_THE_MINUTE).format(moment);
  if (here === inClinic(moment, TO_THE_MINUTE)) return "";
  const named = new Intl.DateTimeFormat("en-GB", { timeZone: clinic, timeZoneName: "short" });
  return named.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "";
}

/**
 * The time of an ISO moment as an element; `time_zone.js` names its zone, as of all such elements.
 * @param {string} moment
 */
export function clockTime(moment) {
  const element = document.createElement("time");
  element.dateTime = moment;
  element.textContent = inClinic(new Date(moment), { timeStyle: "medium" });
  return element;
}
