// What one file looks like on the page, whatever becomes of it.

const WORDS = { received: "Received", duplicate: "Duplicate", refused: "Refused" };
const COUNTED = { received: "received", duplicate: "already there", refused: "refused" };

/** The file names another patient: it waits for a word on whose it is. */
export function isQuestion(outcome) {
  return outcome.code === "identity_differs";
}

export class Row {
  constructor(file, { onRetry, onRemove }) {
    this.file = file;
    this.element = document
      .getElementById("file-row")
      .content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
    this.part("size").textContent = file.size === undefined ? "" : inWords(file.size);
    this.part("progress").setAttribute("aria-label", `Progress of ${file.name}`);
    named(this.part("remove"), file.name);
    named(this.part("retry"), file.name);
    this.part("retry").addEventListener("click", () => onRetry());
    this.part("remove").addEventListener("click", () => onRemove());
    this.waiting();
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  waiting() {
    this.#state("waiting", "Ready");
    this.part("progress").value = 0;
    this.part("remove").hidden = false;
    this.part("retry").hidden = true;
  }

  sending() {
    this.#state("sending", "Sending");
    this.part("remove").hidden = true;
    this.part("retry").hidden = true;
  }

  progress(percent) {
    this.part("progress").value = percent;
    const done = percent >= 100;
    this.part("outcome").textContent = done ? "Being checked" : `Sending, ${Math.floor(percent)} %`;
  }

  problem(sentence) {
    this.#state("problem", `Not sent. ${sentence}`);
    this.part("progress").value = 0;
    this.part("retry").hidden = false;
    this.part("remove").hidden = false;
  }

  /** Dropped, and then not to be read from the disk. */
  unreadable() {
    this.problem("It could not be read. See that it is there and may be opened, then add it again.");
    this.part("retry").hidden = true;
  }

  cancelled() {
    this.#state("cancelled", "Cancelled");
    this.part("retry").hidden = false;
    this.part("remove").hidden = false;
  }

  /** The server's word: one outcome, or one for each file of a ZIP archive. */
  outcomes(outcomes) {
    const first = outcomes[0];
    if (!outcomes.some((one) => one.filename.includes("/"))) {
      this.#state(first.outcome, describe(first));
      show(this.element, first);
      return;
    }
    const count = (outcome) => outcomes.filter((one) => one.outcome === outcome).length;
    const found = Object.keys(COUNTED).filter(count); // in the order of how good it is
    this.#state(found[0], found.map((one) => `${count(one)} ${COUNTED[one]}`).join(", "));
    const list = this.part("entries");
    list.replaceChildren();
    list.hidden = false;
    list.setAttribute("aria-label", `Files in ${this.file.name}`);
    for (const one of outcomes) list.append(entry(one, this.file.name));
  }

  /** Not kept: whose it is has to be said first. It can be left out. */
  question() {
    this.element.dataset.state = "problem";
    this.part("remove").hidden = false;
  }

  /** Refused by the page itself, before anything was sent. */
  refused(sentence) {
    this.#state("refused", `Refused. ${sentence}`);
    this.part("remove").hidden = false;
  }

  #state(state, words) {
    this.element.dataset.state = state;
    this.part("outcome").textContent = words;
    this.part("progress").hidden = state !== "sending";
    if (state === "received" || state === "duplicate") this.part("remove").hidden = true;
  }
}

function entry(outcome, archive) {
  const element = document
    .getElementById("file-entry")
    .content.firstElementChild.cloneNode(true);
  element.dataset.state = outcome.outcome;
  const name = outcome.filename;
  element.querySelector("[data-name]").textContent = name.startsWith(`${archive}/`)
    ? name.slice(archive.length + 1)
    : name;
  element.querySelector("[data-outcome]").textContent = describe(outcome);
  show(element, outcome);
  return element;
}

function show(element, { url, thumbnail_url: thumbnail, filename, warning, other_url: other }) {
  if (warning) {
    const words = element.querySelector("[data-warning]");
    words.hidden = false;
    words.querySelector("[data-warning-text]").textContent = warning;
    words.querySelector("a").href = other;
    named(words.querySelector("a"), `than ${filename}`);
  }
  if (url) {
    const link = element.querySelector("[data-link]");
    link.href = url;
    link.hidden = false;
    named(link, filename);
  }
  if (thumbnail) {
    const image = document.createElement("img");
    image.src = thumbnail;
    image.alt = "";
    image.loading = "lazy";
    element.querySelector("[data-thumb]").replaceChildren(image);
  }
}

function describe({ outcome, detail, code }) {
  if (isQuestion({ code })) return `Not kept yet. ${detail}`;
  return detail ? `${WORDS[outcome]}. ${detail}` : WORDS[outcome];
}

function named(control, name) {
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` ${name}`;
  control.append(words);
}

function inWords(bytes) {
  if (bytes === 0) return "0 bytes";
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
