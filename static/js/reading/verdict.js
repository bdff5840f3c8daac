// The verdict panel: saves itself, counts the time, A F R, and says what AI content was on screen.
//
// It works on every page that holds the fragment `study-verdict`. A page with AI layers of its own
// tells of them: document.dispatchEvent(new CustomEvent("ai-layers", { detail })), where the detail
// is { layers: ["heatmap"], analyses: [id], statements: [stamp] }.

import { Autosave, renewToken } from "../core/autosave.js";

const TICK = 1000;
const RENEW = 120; // seconds between two signs that the reader is still there
const shown = { layers: new Set(), analyses: new Set(), statements: new Set() };
const FIELDS = { layers: "layers", shown: "analyses", statements: "statements" }; // of the form

const panel = () => document.querySelector("[data-verdict]");
const form = () => document.querySelector("[data-verdict-form]");

// --- What of the AI is on screen -----------------------------------------------------------------

document.addEventListener("ai-layers", (event) => {
  if (note(event.detail)) writeLayers();
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
  for (const [name, kind] of Object.entries(FIELDS)) {
    const field = document.querySelector(`[data-verdict-${name}]`);
    if (field) field.value = [...shown[kind]].join(" ");
  }
}

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
  fetch(address, { method: "POST", headers: { "HX-Request": "true", "X-CSRFToken": token } }).catch(
    () => {}, // the next time may succeed; a lock that ran out says so on the worklist
  );
}

// --- Saves itself --------------------------------------------------------------------------------

const saving = new Autosave({ form, delay: 800, say, outcomeOf, prepare: writeLayers });
let known = null;

function say(text, isBad = false) {
  const line = document.querySelector("[data-verdict-saved]");
  if (!line) return;
  line.textContent = text;
  line.classList.toggle("ns-verdict-bad", isBad);
}

function outcomeOf(events) {
  if (events["verdict-saved"]) {
    if (!saving.unsaved) say(events["verdict-saved"]);
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
  known = form();
  saving.forget();
  saving.stopped = false;
  saving.unsaved = known !== null && "unsaved" in known.dataset;
  for (const one of document.querySelectorAll("[data-reason]")) enable(one);
  const field = document.querySelector("[data-verdict-shown]");
  if (field) note({ analyses: field.value.split(" ").filter(Boolean) });
  writeLayers();
}

document.addEventListener("htmx:load", meet);

document.addEventListener("input", (event) => {
  if (!event.target.closest("[data-verdict-form]")) return;
  showReason(event.target);
  saving.typed();
});

// A response draws the panel anew: what was typed is on the server before anything is asked for. A
// page that is not saved stays as it is, but for its own form, which is shown again as it was sent.
document.addEventListener("htmx:confirm", (event) => {
  const from = event.detail.elt;
  if (!from.closest?.("[data-verdict]") || !form()) return;
  if ("verdictDiscard" in from.dataset) {
    saving.forget();
    return;
  }
  event.preventDefault();
  const isOwn = from.closest("[data-verdict-form]") !== null;
  saving.flush().then((outcome) => {
    if (outcome === "saved" || (isOwn && outcome !== "away")) event.detail.issueRequest();
  });
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
});

// --- A word on one analysis ----------------------------------------------------------------------

function showReason(field) {
  if (!field.dataset.decision) return;
  const reason = field.closest("[data-line]").querySelector("[data-reason]");
  reason.hidden = field.dataset.decision === "accept";
  enable(reason);
}

/** Fields that are not shown are not sent: a study may have thousands of them. */
function enable(reason) {
  for (const field of reason.querySelectorAll("select, input")) field.disabled = reason.hidden;
}

const lines = () => [...document.querySelectorAll("[data-line]")];
const undecided = (line) => !line.querySelector("[data-decision]:checked");

function decide(decision) {
  const focused = document.activeElement?.closest("[data-line]");
  const line = focused || lines().find(undecided) || lines()[0];
  if (!line) return;
  const field = line.querySelector(`[data-decision="${decision}"]`);
  field.checked = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (decision !== "accept") {
    line.querySelector("select").focus();
    return;
  }
  const next = lines().find(undecided);
  (next || line).focus({ preventScroll: false });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-accept-rest]")) return;
  for (const line of lines().filter(undecided)) {
    line.querySelector('[data-decision="accept"]').checked = true;
  }
  saving.typed();
});

const keys = { a: "accept", f: "modify", r: "reject" };

document.addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input:not([type=radio]), select, textarea");
  if (writes || event.ctrlKey || event.metaKey || event.altKey || !panel()) return;
  if (document.querySelector("dialog[open]")) return;
  const decision = keys[event.key.toLowerCase()];
  if (!decision || !lines().length) return;
  event.preventDefault();
  decide(decision);
});

meet();
writeLayers();
