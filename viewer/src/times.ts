// Moments as the reader's own calendar and clock write them.

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Day and time of an ISO moment. */
export function timeOf(moment: string): string {
  return calendar.format(new Date(moment));
}

/** The time where the moment is today, else day and time. */
export function shortTimeOf(moment: Date): string {
  const isToday = moment.toDateString() === new Date().toDateString();
  return (isToday ? clock : calendar).format(moment);
}
