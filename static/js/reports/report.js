// The report editor saves itself, one save after the other, and says when it did. Nothing that was
// typed is given up: not where the server is away, not where the session has ended meanwhile.

import { Autosave } from "../core/autosave.js";

const form = document.querySelector("[data-report-form]");
const line = document.querySelector("[data-report-saved]");
let leaving = false;

function say(text, isBad = false) {
  line.textContent = text;
  line.classList.toggle("ns-not-saved", isBad);
}

const saving = new Autosave({
  form: () => form,
  delay: 1000,
  say,
  prepare: (body) => body.delete("password"),
  outcomeOf(events) {
    if (events["report-saved"]) {
      if (!saving.unsaved) say(events["report-saved"]);
      return "saved";
    }
    if (events["report-refused"]) {
      say(`Not saved: ${events["report-refused"]}`, true);
      return "refused";
    }
    if (!events["report-not-saved"]) return "";
    say(`${events["report-not-saved"]} Choose “Save the draft” to compare.`, true);
    return "conflict";
  },
});

form.addEventListener("input", (event) => {
  if (event.target.name !== "password") saving.typed();
});

// What was typed before this script had loaded.
const typed = [...form.querySelectorAll("textarea")];
if (typed.some((field) => field.value !== field.defaultValue)) saving.typed();

// The form goes to the server only where that can be reached: a page that says "sign in" would
// take what was typed with it. A second click while the first is on its way does nothing.
form.addEventListener("submit", async (event) => {
  if (leaving === "sent") return;
  event.preventDefault();
  if (leaving) return;
  leaving = true;
  const button = event.submitter;
  const isThere = (await saving.save()) !== "away";
  leaving = isThere && "sent";
  if (!isThere) return;
  saving.forget();
  // In a task of its own: while this event is being handled, the form takes no other one.
  setTimeout(() => {
    form.requestSubmit(button);
    leaving = true;
  });
});

document.querySelector("[data-report-discard]")?.addEventListener("submit", () => {
  saving.forget();
  saving.stopped = true;
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // what is there now, and a form that can be sent
});
