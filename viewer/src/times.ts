// Moments in the clinic's time zone, as on every page; with its name where the browser is in another.

import { inClinic, zoneAt } from "../../static/js/core/clinic_time.js";

/** Day and time of an ISO moment. */
export function timeOf(moment: string): string {
  return written(new Date(moment), { dateStyle: "medium", timeStyle: "short" });
}

/** The time where the moment is today, else day and time. */
export function shortTimeOf(moment: Date): string {
  const day = { dateStyle: "short" } as const;
  const isToday = inClinic(moment, day) === inClinic(new Date(), day);
  return isToday ? written(moment, { timeStyle: "medium" }) : timeOf(moment.toISOString());
}

function written(moment: Date, options: Intl.DateTimeFormatOptions): string {
  return `${inClinic(moment, options)} ${zoneAt(moment)}`.trimEnd();
}
