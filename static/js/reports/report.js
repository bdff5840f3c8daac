// The report editor saves itself, one save after the other, and says when it did. Nothing that was
// typed is given up: not where the server is away, not where the session has ended meanwhile.

import { Autosave } from "../core/autosave.js";
import { clockTime } from "../core/clinic_time.js";
import "../reading/choices_by_key.js";
import "../reading/contradictions.js";
import "../reading/pointed_choices.js";
import "../reading/read_before_signing.js";
import { writeShownImages } from "../reading/shown_images.js";
import "../reading/sign_on_purpose.js";
import { saveBeside, send } from "./split.js";

const form = document.querySelector("[data-report-form]");
const line = document.querySelector("[data-report-saved]");
const unsavedLine = document.querySelector("[data-report-unsaved]");
const refusedBeside = document.querySelector("[data-beside-refused]");
let leaving = false;

/** Words, and elements among them. */
function say(text, isBad = false) {
  line.replaceChildren(...[text].flat());
  line.classList.toggle("ns-not-saved", isBad);
  unsavedLine.dataset.words = line.textContent;
  unsavedLine.hidden = !isBad;
}

const saving = new Autosave({
  form: () => form,
  delay: 1000,
  say,
  prepare(body) {
    body.delete("password");
    writeShownImages();
  },
  outcomeOf(events) {
    if (events["report-saved"]) {
      beEditor();
      if (!saving.unsaved) say(["Saved ", clockTime(events["report-saved"])]);
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
  // What was refused is about what stood there before; one that leads to what to compare with stays.
  for (const one of form.querySelectorAll("[data-refused]")) if (!one.querySelector("a")) one.remove();
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
  // What is being typed in the verdict beside goes first: it is signed with the report.
  const isSaved = await saveBeside();
  refusedBeside.hidden = isSaved;
  send(isSaved);
  if (!isSaved) {
    leaving = false;
    refusedBeside.scrollIntoView({ block: "center" });
    return;
  }
  const isThere = (await saving.save()) !== "away";
  leaving = isThere && "sent";
  send(isThere);
  if (!isThere) return;
  saving.forget();
  writeShownImages();
  // In a task of its own: while this event is being handled, the form takes no other one.
  setTimeout(() => {
    form.requestSubmit(button);
    leaving = true;
  });
});

// Signs from wherever one writes the report; what is refused is said at the button, as after a click.
// In another form, as that which corrects the study, it would drop what is being written there.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  const within = event.target.closest?.("form");
  if (within && within !== form) return;
  event.preventDefault();
  if (!document.querySelector("dialog[open]")) {
    form.requestSubmit(form.querySelector("[data-report-sign]"));
  }
});

document.querySelector("[data-report-discard]")?.addEventListener("submit", () => {
  saving.forget();
  saving.stopped = true;
});

// What was refused is said at the button that was pressed: there is where one looks.
const refused = document.querySelector("[data-contradictions], [data-refused]");
refused?.scrollIntoView({ block: "center" });
document.querySelector("[data-contradiction-note]")?.focus({ preventScroll: true });
const refusedField = document.getElementById(refused?.dataset.refusedField ?? "");
if (refusedField) writeIn(refusedField);

// Who goes on from a refusal, and back, comes to the editor: the browser keeps no answer to what was sent. But
// for texts that were refused and are saved nowhere: to reload the page sends those again.
function beEditor() {
  const editor = document.querySelector("[data-verdict-beside]").dataset.verdictBeside;
  if (location.pathname !== editor) history.replaceState(null, "", editor);
}

if ("unsaved" in form.dataset) saving.unsaved = true;
else beEditor();

/** Go on writing there, below its heading, which no bar hides. */
function writeIn(field) {
  const heading = field.labels[0];
  field.focus({ preventScroll: true });
  field.setSelectionRange(field.value.length, field.value.length);
  heading.style.scrollMarginTop = `${(document.querySelector(".ns-banner")?.offsetHeight ?? 0) + 8}px`;
  heading.scrollIntoView({ block: field.matches("textarea") ? "start" : "center", behavior: "instant" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".ns-skip");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field?.matches("textarea")) return;
  event.preventDefault();
  writeIn(field);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // what is there now, and a form that can be sent
});
