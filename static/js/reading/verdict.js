// The verdict panel: saves itself, counts the time, and says what AI content was on screen.
//
// It works on every page that holds the fragment `study-verdict`, the study page and the viewer; what
// assesses single images is in `verdict_lines.js` and in the viewer's bundle. A page with AI layers of its own
// tells of them: document.dispatchEvent(new CustomEvent("ai-layers", { detail })), where the detail
// is { study: id, layers: ["heatmap"], analyses: [id], statements: [stamp] }. Every word from outside
// names the study that it is about: what is about another one is neither counted nor written.

import { Autosave, renewToken } from "../core/autosave.js";
import { clockTime } from "../core/clinic_time.js";
import { drawnFor } from "../core/drawn_for.js";
import "./choices_by_key.js";
import "./contradictions.js";
import { freeze, isFrozen, thaw } from "./freeze.js";
import "./read_before_signing.js";
import { noteEntered } from "./redrawing.js";
import { writeShownImages } from "./shown_images.js";
import "./sign_on_purpose.js";

const TICK = 1000;
const RENEW = 120; // seconds between two signs that the reader is still there
const shown = { layers: new Set(), analyses: new Set(), statements: new Set() };
const BEGINS_AGAIN = "[data-verdict-form], [data-commit-form], [data-amend-form], [data-amend-discard]";
const FIELDS = { layers: "layers", shown: "analyses", statements: "statements" }; // of the form

const panel = () => document.querySelector("[data-verdict]");
const form = () => document.querySelector("[data-verdict-form]");
const isOwn = (detail) => Boolean(detail.study) && detail.study === panel()?.dataset.study;

// --- What of the AI is on screen -----------------------------------------------------------------

document.addEventListener("ai-layers", (event) => {
  if (!isOwn(event.detail)) return;
  if (note(event.detail)) writeLayers();
  // Beside a report that is written: the verdict is signed with that.
  tellReport("ai-layers", event.detail);
});

/** Whether any of it is new: a viewer tells of each picture that it draws. */
function note(seen) {
  let isNew = false;
  for (const [kind, known] of Object.entries(shown)) {
    const before = known.size;
    for (const one of seen[kind] || []) known.add(one);
    isNew ||= known.size > before;
  }
  return isNew;
}

function writeLayers() {
  const results = document.querySelectorAll("[data-result]");
  note({ analyses: [...results].map((one) => one.dataset.result) });
  if (results.length || document.querySelector(".ns-line-ai .ns-ai")) {
    note({ layers: ["label", "confidence"] });
  }
  const switches = document.querySelectorAll("[data-heatmap-on]");
  if ([...switches].some((one) => one.checked)) note({ layers: ["heatmap"] });
  if (document.querySelector("[data-regions-on]:checked")) note({ layers: ["regions"] });
  // Of this study only; the viewer, which may show others beside it, tells of its own.
  const statements = [...document.querySelectorAll("#summary [data-statement]")];
  if (statements.length) {
    note({ layers: ["series"], statements: statements.map((one) => one.dataset.statement) });
  }
  writeShownImages();
  for (const [name, kind] of Object.entries(FIELDS)) {
    const field = document.querySelector(`[data-verdict-${name}]`);
    if (field) field.value = [...shown[kind]].join(" ");
  }
}

// --- Beside a report that is written, whose editor is the page around this one -------------------

if (window.parent !== window) document.documentElement.classList.add("ns-framed");

function tellReport(what, detail) {
  if (window.parent !== window) {
    const { study } = panel()?.dataset ?? {};
    window.parent.postMessage({ neuroscan: what, study, detail }, location.origin);
  }
}

/** The verdict as this page shows it, with the revision that it was made from; null where it has none. */
function verdictNow() {
  if (!form()) return null;
  const fields = new FormData(form());
  return {
    finding: fields.get("finding") ?? "",
    reason: fields.get("amendment_reason"),
    revision: fields.get("revision"),
  };
}

function tellVerdict() {
  tellReport("verdict", verdictNow());
}

document.addEventListener("save-verdict", ({ detail }) => {
  const saved = isOwn(detail) ? saving.flush() : Promise.resolve("foreign");
  detail.waits.push(saved.then((outcome) => ({ outcome, verdict: verdictNow() })));
});

/** Also before the viewer's own script is there: it draws the buttons as it finds them. */
function enterFinding(finding) {
  const field = form().querySelector("[data-finding]");
  if (!field || field.value === finding) return;
  field.value = finding;
  for (const one of form().querySelectorAll("[data-finding-choice]")) {
    one.setAttribute("aria-pressed", String(one.dataset.findingChoice === finding));
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("enter-verdict", ({ detail }) => {
  if (!isOwn(detail) || !form()) return;
  if (detail.finding !== undefined) enterFinding(detail.finding);
  const field = detail.reason === undefined ? null : form().elements.amendment_reason;
  if (!field || field.value === detail.reason) return;
  field.value = detail.reason;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// --- Time: only while the page is in sight -------------------------------------------------------

setInterval(() => {
  const field = document.querySelector("[data-verdict-seconds]");
  if (!field || document.hidden) return;
  field.value = Number(field.value) + 1;
  if (Number(field.value) % RENEW === 0) renew();
}, TICK);

/** Keep the lock of who has it: looking on writes nothing, and makes no draft. */
function renew() {
  const address = panel()?.dataset.renew;
  if (!address) return;
  renewToken(panel());
  const token = panel().querySelector("[name=csrfmiddlewaretoken]").value;
  fetch(address, { method: "POST", headers: { "HX-Request": "true", "X-CSRFToken": token, ...drawnFor() } }).catch(
    () => {}, // the next time may succeed; a lock that ran out says so on the worklist
  );
}

// --- Saves itself --------------------------------------------------------------------------------

const saving = new Autosave({ form, delay: 800, say, outcomeOf, prepare: writeLayers });
let known = null;

/** Words, and elements among them. */
function say(text, isBad = false) {
  const line = document.querySelector("[data-verdict-saved]");
  if (!line) return;
  line.replaceChildren(...[text].flat());
  line.classList.toggle("ns-verdict-bad", isBad);
  line.toggleAttribute("data-bad", isBad); // the viewer shows the whole of it
}

/** At the button that was pressed; `isOfSave`: because what was typed was not saved, which may come about by itself. */
function refuse(text, isOfSave = false) {
  thaw();
  const line = document.querySelector("[data-refused]");
  if (!line) return;
  line.textContent = text;
  line.toggleAttribute("data-of-save", isOfSave);
}

/** What was refused is about what stood there before something was entered. */
function takeRefusalBack() {
  for (const line of document.querySelectorAll("[data-refused]")) line.textContent = "";
}

function takeRefusalOfSaveBack() {
  for (const line of document.querySelectorAll("[data-of-save]")) line.textContent = "";
}

document.addEventListener("drawn-for-another", (event) => refuse(`Not signed: ${event.detail.value}`));

function outcomeOf(events) {
  tellVerdict();
  if (events["verdict-saved"]) {
    if (!saving.unsaved) takeRefusalOfSaveBack();
    if (!saving.unsaved) say(["Saved ", clockTime(events["verdict-saved"])]);
    return "saved";
  }
  if (events["verdict-refused"]) {
    say(events["verdict-refused"], true);
    return "refused";
  }
  if (!events["verdict-conflict"]) return "";
  say(`Not saved: ${events["verdict-conflict"]}`, true);
  const compare = document.querySelector("[data-verdict-compare]");
  if (compare) compare.hidden = false;
  return "conflict";
}

/** Another form stands there now: the panel was drawn anew. */
function meet() {
  if (form() === known) return;
  const before = known;
  known = form();
  keepSeconds(before);
  saving.forget();
  saving.stopped = false;
  saving.unsaved = known !== null && "unsaved" in known.dataset;
  const field = document.querySelector("[data-verdict-shown]");
  if (field) note({ analyses: field.value.split(" ").filter(Boolean) });
  writeLayers();
  tellVerdict();
}

/** The same draft drawn anew: the time since its last save was spent all the same. */
function keepSeconds(before) {
  const [old, fresh] = [before?.elements, known?.elements];
  if (!old || !fresh || old.revision.value !== fresh.revision.value) return;
  fresh.seconds.value = Math.max(old.seconds.value, fresh.seconds.value);
}

document.addEventListener("htmx:load", () => {
  const isNew = form() !== known;
  meet();
  if (isNew) showRefusal();
});

/** What was refused is said at the button that was pressed: it is brought into view, above the bar of that. */
function showRefusal() {
  const asked = [...(panel()?.querySelectorAll("[data-contradictions]") ?? [])];
  const refused = panel()?.querySelector("[data-refused]:not(:empty)");
  const bar = panel()?.querySelector(".ns-verdict-bar");
  // The last one first: where they do not fit, one reads from the first on.
  for (const one of [...asked, refused].filter(Boolean).reverse()) {
    if (bar && !bar.contains(one)) one.style.scrollMarginBottom = `${bar.offsetHeight + 8}px`;
    one.scrollIntoView({ block: "nearest", behavior: "instant" });
  }
  if (!asked.length) return;
  const note = panel().querySelector("[data-contradiction-note]");
  const isAnswered = note === null || (note.value && !note.matches("[aria-invalid]"));
  const button = bar?.querySelector("[data-plain]")?.closest("button");
  (isAnswered && button ? button : note)?.focus({ preventScroll: true });
}

// After a signature, and once an amendment is begun, the study page begins again at its verdict.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const isDone = detail.xhr?.status === 200; // a refusal is drawn as well
  if (!isDone || !detail.requestConfig?.elt.matches(BEGINS_AGAIN)) return;
  const heading = panel()?.querySelector("[data-focus]");
  heading?.focus({ preventScroll: true });
  heading?.scrollIntoView({ block: "start", behavior: "instant" });
});

document.addEventListener("input", (event) => {
  if (event.target.form?.matches("[data-verdict-form], [data-commit-form]")) takeRefusalBack();
  // A field may belong to the form from another place of the page.
  if (!form() || event.target.form !== form() || !event.target.name) return;
  noteEntered();
  saving.typed();
});

// A response draws the panel anew: what was typed is on the server before anything is asked for. A
// page that is not saved stays as it is, but for its own form, which is shown again as it was sent.
let pressed = null;
const discarding = new WeakSet(); // what waits for a save that is on its way

document.addEventListener("htmx:confirm", (event) => {
  const from = event.detail.elt;
  if (!from.closest?.("[data-verdict], [data-verdict-rest]")) return;
  // The button loses the focus as the panel is frozen, and htmx then forgets that it was pressed.
  pressed = event.detail.triggeringEvent?.submitter ?? null;
  if (from.matches("[data-verdict-form]")) freeze("verdict");
  if (from.matches("[data-commit-form]")) freeze("finding");
  if (!form()) return;
  event.preventDefault();
  if ("verdictDiscard" in from.dataset) {
    if (discarding.has(from)) return; // pressed twice
    discarding.add(from);
    // A save that arrived after it would be refused, or be of the verdict that is written next.
    saving.discard().then(() => {
      discarding.delete(from);
      event.detail.issueRequest();
    });
    return;
  }
  const isOwn = from.closest("[data-verdict-form]") !== null;
  saving.flush().then((outcome) => {
    if (outcome === "saved" || (isOwn && outcome !== "away")) event.detail.issueRequest();
    else if (isOwn) refuse(`Not signed: ${saving.why}. What you typed is still here.`, true);
  });
});

// On to another study: what was typed just now is saved first.
document.addEventListener("submit", (event) => {
  const next = event.target;
  if (!next.matches("[data-next-form]") || !(saving.unsaved || isFrozen())) return;
  event.preventDefault();
  if (isFrozen()) return; // the answer leads on
  saving.flush().then((outcome) => {
    if (outcome === "saved") next.submit();
    else refuse("Nothing else is opened: what you typed could not be saved.", true);
  });
});

// Where the next study opens, that page is what can be acted on again.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const goesOn = ["HX-Redirect", "HX-Refresh"].some((name) => detail.xhr?.getResponseHeader(name));
  // The form itself is not there any more where the panel was drawn anew.
  const from = detail.requestConfig?.elt;
  if (!goesOn && from?.matches("[data-verdict-form], [data-commit-form]")) thaw();
});

// What is being signed says what was on screen; a save that waits is not sent after it.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.elt.closest?.("[data-verdict-form]")) return;
  saving.cancel();
  writeLayers();
  for (const name of Object.keys(FIELDS)) {
    const field = document.querySelector(`[data-verdict-${name}]`);
    if (field) event.detail.parameters[name] = field.value;
  }
  const images = document.querySelector("[data-images-shown]");
  if (images) event.detail.parameters.images = images.value;
  if (pressed?.name) event.detail.parameters[pressed.name] = pressed.value;
});

meet();
writeLayers();
