// The upload page: who, when, which files; three at a time on their way; what became of each.

import { filesOfDrop, filesOfInput, isZip } from "./files.js";
import { setUpPatient } from "./patient.js";
import { isQuestion, Row } from "./row.js";
import { setUpRowKeys } from "./row_keys.js";
import { complete, send } from "./sending.js";

const AT_ONCE = 3;
const QUIET = 1500; // ms between two announcements of the totals
const PRESSED = 1000; // ms in which what comes under the mouse after Upload takes no click

const FACTS = ["patient", "study_date", "description", "upload_id"].concat([
  "clinical_question",
  "referring_physician",
  "accession_number",
  "priority",
  "plane",
  "sequence",
  "slice_spacing", // the page asks for these three where the release uses them
  "initial-study_date", // where it is the same, nobody has touched the day
]);
const SENDABLE = new Set(["waiting", "problem", "cancelled", "question"]);

const form = document.getElementById("upload");
const part = (name) => form.querySelector(`[data-${name}]`);
const limits = {
  bytes: Number(form.dataset.maxBytes),
  archiveBytes: Number(form.dataset.maxArchiveBytes),
  files: Number(form.dataset.maxFiles),
};
const jobs = []; // { file, place, row, state, outcomes, studyUrl, completeUrl }
let nextPlace = 0; // the images stand in the order of the rows, however they arrive
let stop = new AbortController();
let started = false;
let announceAt = 0;
let announceTimer = 0;
let isPressed = false; // Upload was pressed just now: perhaps by the first click of two

setUpPatient(form, { onChosen: () => problem("") });
setUpRowKeys(part("rows"));

// --- The files -----------------------------------------------------------------------------------

async function add(files, unreadable = []) {
  for (const name of unreadable) addUnreadable(name);
  const room = limits.files - jobs.length;
  if (files.length > room) {
    problem(`At most ${limits.files} files fit into one upload. Send the rest in a second one.`);
  } else {
    problem("");
  }
  for (const file of files.slice(0, Math.max(0, room))) await addOne(file);
  showTotals();
  if (started) work();
}

/** A row for what cannot be sent, so that nobody takes the study for complete. */
function addUnreadable(name) {
  const job = { state: "unreadable", outcomes: [], studyUrl: null };
  job.row = new Row({ name }, { onRetry: () => {}, onRemove: () => remove(job) });
  part("rows").append(job.row.element);
  jobs.push(job);
  job.row.unreadable();
}

async function addOne(file) {
  const job = { file, place: nextPlace++, state: "waiting", outcomes: [], studyUrl: null };
  job.row = new Row(file, { onRetry: () => retry(job), onRemove: () => remove(job) });
  part("rows").append(job.row.element);
  jobs.push(job);
  const refusal = await refusalOf(file);
  if (refusal) {
    job.state = "refused";
    job.row.refused(refusal);
  }
}

/** What the server would refuse whatever is in the file: shown at once, in the same words. */
async function refusalOf(file) {
  if (file.size === 0) return form.dataset.empty;
  if (file.size <= Math.min(limits.bytes, limits.archiveBytes)) return "";
  let zip = false;
  try {
    zip = await isZip(file);
  } catch {
    return ""; // it cannot be read; sending it will say so
  }
  if (zip) return file.size > limits.archiveBytes ? form.dataset.archiveTooLarge : "";
  return file.size > limits.bytes ? form.dataset.tooLarge : "";
}

function remove(job) {
  jobs.splice(jobs.indexOf(job), 1);
  const next = job.row.element.nextElementSibling ?? part("send");
  job.row.element.remove();
  (next.querySelector?.("[data-remove]:not([hidden])") ?? part("send")).focus();
  showTotals();
}

function retry(job) {
  makeReady(job);
  job.row.element.focus();
  work();
}

function makeReady(job) {
  job.state = "waiting";
  job.outcomes = [];
  job.row.waiting();
}

const drop = part("drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("ns-drop-over");
  });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, () => drop.classList.remove("ns-drop-over"));
}
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  const { files, unreadable } = await filesOfDrop(event.dataTransfer);
  await add(files, unreadable);
});
for (const input of drop.querySelectorAll('input[type="file"]')) {
  input.addEventListener("change", async () => {
    const files = filesOfInput(input);
    input.value = ""; // so that the same file can be chosen again
    await add(files);
  });
}
// A file that misses the drop zone must not replace the page.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => event.preventDefault());
}

// --- Sending -------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (isPressed) return;
  const missing = whatIsMissing();
  problem(missing);
  if (missing) return;
  if (!form.elements.upload_id.value) form.elements.upload_id.value = newId();
  for (const job of jobs.filter((one) => SENDABLE.has(one.state))) makeReady(job);
  isPressed = true;
  setTimeout(() => {
    isPressed = false;
    showTotals();
  }, PRESSED);
  work();
});

function whatIsMissing() {
  const date = form.elements.study_date;
  if (!form.elements.patient.value) return "Choose the patient these images belong to.";
  if (!date.value) return "Enter the day the images were taken.";
  // The server's day decides; where the page is in another time zone, either day will do.
  if (date.value > localToday() && date.value > form.dataset.today) {
    return "The study date is in the future. Correct it.";
  }
  if (!jobs.some((job) => SENDABLE.has(job.state))) return "Choose at least one file.";
  return "";
}

function work() {
  started = true;
  stop = stop.signal.aborted ? new AbortController() : stop;
  lockFacts();
  const free = AT_ONCE - jobs.filter((job) => job.state === "sending").length;
  const next = jobs.filter((job) => job.state === "waiting").slice(0, free);
  for (const job of next) sendOne(job);
  showTotals();
}

async function sendOne(job) {
  job.state = "sending";
  job.row.sending();
  const result = await send({
    url: form.dataset.fileUrl,
    file: job.file,
    fields: { ...facts, place: job.place, ...(job.confirmed ? { confirm_identity: "true" } : {}) },
    onProgress: (percent) => job.row.progress(percent),
    signal: stop.signal,
  });
  if (result.cancelled) {
    job.state = "cancelled";
    job.row.cancelled();
  } else if (result.problem) {
    job.state = "problem";
    job.row.problem(result.problem);
  } else {
    job.state = result.outcomes.some(isQuestion) ? "question" : "done";
    job.outcomes = result.outcomes;
    job.studyUrl = result.studyUrl;
    job.completeUrl = result.completeUrl;
    job.row.outcomes(result.outcomes);
    if (job.state === "question") job.row.question();
  }
  work();
  if (!isBusy() && !jobs.some((one) => SENDABLE.has(one.state))) sayComplete();
}

/** Everything that was chosen is there: nobody has to wait for a quiet time. */
function sayComplete() {
  for (const url of new Set(jobs.map((job) => job.completeUrl).filter(Boolean))) complete(url);
}

/** What belongs to every file of this upload cannot change any more once one was sent. */
let facts = {};
function lockFacts() {
  if (Object.keys(facts).length === 0 || !anyReceived()) {
    facts = Object.fromEntries(
      FACTS.filter((name) => form.elements[name]).map((name) => [name, form.elements[name].value]),
    );
  }
  const locked = isBusy() || anyReceived() || jobs.some((job) => job.state === "waiting");
  for (const fieldset of form.querySelectorAll("[data-facts]")) fieldset.disabled = locked;
}

/** The files that name another patient are of this one: whoever presses this has seen the differences. */
part("confirm").addEventListener("click", () => {
  for (const job of jobs.filter((one) => one.state === "question")) {
    job.confirmed = true;
    makeReady(job);
  }
  work();
});

part("cancel").addEventListener("click", () => {
  for (const job of jobs.filter((one) => one.state === "waiting")) {
    job.state = "cancelled";
    job.row.cancelled();
  }
  stop.abort();
  showTotals();
});

window.addEventListener("beforeunload", (event) => {
  if (isBusy()) event.preventDefault();
});

// --- Totals --------------------------------------------------------------------------------------

function isBusy() {
  return jobs.some((job) => job.state === "sending") || (started && hasWaiting());
}

function hasWaiting() {
  return jobs.some((job) => job.state === "waiting");
}

function anyReceived() {
  return jobs.some((job) => job.completeUrl);
}

function showTotals() {
  const busy = isBusy();
  // The study that has taken something, else the one that had all of it before.
  const there = jobs.find((job) => job.completeUrl) ?? jobs.find((job) => job.studyUrl);
  const study = there?.studyUrl;
  const unsent = jobs.some((job) => SENDABLE.has(job.state));
  if (!busy && !anyReceived()) {
    // Nothing was taken: what belongs to the whole upload can still be corrected.
    started = false;
    for (const fieldset of form.querySelectorAll("[data-facts]")) fieldset.disabled = false;
  }
  const settled = jobs.filter((job) => job.state !== "waiting" && job.state !== "sending").length;
  part("overall").hidden = !busy;
  part("overall").max = jobs.length;
  part("overall").value = settled;
  part("confirm").hidden = busy || isPressed || !jobs.some((job) => job.state === "question");
  part("cancel").hidden = !busy;
  part("cancel").disabled = isPressed;
  part("send").disabled = isPressed;
  part("send").hidden = busy || ((started || study) && !unsent);
  part("send").textContent = started ? "Send the rest" : "Upload";
  const open = part("open");
  const isNew = open.hidden;
  open.hidden = busy || !study || isPressed;
  part("again").hidden = busy || !study || isPressed;
  if (study) open.href = study;
  // The button that was pressed is gone: the next key is at what came of it.
  if (isNew && !open.hidden && document.activeElement === document.body) open.focus({ preventScroll: true });
  announceTotals(busy);
}

/** Not at every file: a screen reader should keep up with it. */
function announceTotals(busy) {
  clearTimeout(announceTimer);
  const wait = busy ? Math.max(0, announceAt + QUIET - Date.now()) : 0;
  announceTimer = setTimeout(() => {
    announceAt = Date.now();
    part("totals").textContent = totals();
  }, wait);
}

function totals() {
  if (!jobs.length) return "";
  const outcomes = jobs.flatMap((job) => job.outcomes);
  // What is listed: of a ZIP that was opened, the files in it.
  const files = (some) => some.reduce((sum, job) => sum + (job.outcomes.length || 1), 0);
  const count = (state) => files(jobs.filter((job) => job.state === state));
  const have = (outcome) =>
    outcomes.filter((one) => one.outcome === outcome && !isQuestion(one)).length;
  const parts = [
    [have("received"), "received"],
    [have("duplicate"), "already there"],
    [have("refused") + count("refused"), "refused"],
    [outcomes.filter(isQuestion).length, "that name another patient"],
    [count("problem") + count("unreadable"), "not sent"],
    [count("cancelled"), "cancelled"],
  ];
  const words = parts.filter(([number]) => number).map(([number, word]) => `${number} ${word}`);
  const left = count("waiting") + count("sending");
  const all = files(jobs);
  const head = left ? `${all - left} of ${all} files done` : `${all} ${all === 1 ? "file" : "files"}`;
  const others = outcomes.filter((one) => one.warning).length;
  const warning = others ? `. ${others} of them another patient has as well` : "";
  return words.length ? `${head}: ${words.join(", ")}${warning}` : head;
}

function problem(sentence) {
  part("problem").textContent = sentence;
  part("problem").hidden = !sentence;
}

function localToday() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A random UUID; `crypto.randomUUID` is there only on HTTPS and on this machine itself. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
