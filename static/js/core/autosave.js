// A form that saves itself: one save after the other, so that an older one does not arrive last.
// Nothing that was typed is given up: not where the server is away, not where the session has
// ended meanwhile.

import { drawnFor } from "./drawn_for.js";

const AGAIN = 5000;
const OUT_OF_REACH = "the server cannot be reached";
const SIGNED_OUT = "you are signed out. Sign in in another tab and leave this one open";

/** Signing in again, in another tab, brings a new token. */
export function renewToken(root) {
  const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (!token) return;
  for (const field of root.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token[1];
}

async function whyNot(response) {
  if (response.redirected || response.status === 401) return SIGNED_OUT;
  const isSentence = response.headers.get("Content-Type")?.startsWith("text/plain");
  return isSentence ? (await response.text()).replace(/\.$/, "") : "the server has a fault";
}

export class Autosave {
  unsaved = false;
  stopped = false; // a conflict: the writer compares both before anything is written
  why = ""; // the last save did not get there, in words that go on after "Not saved: "
  #onItsWay = false;
  #waiting = 0;
  #sending = Promise.resolve();

  /**
   * `form` is called anew each time: the page may have drawn another one. `outcomeOf` gets the
   * events of a response and returns what became of the save: "saved", "refused" (this text cannot
   * be kept), "conflict", or nothing where the response is not to a save.
   */
  constructor({ form, delay, say, outcomeOf, prepare = () => {} }) {
    Object.assign(this, { form, delay, say, outcomeOf, prepare });
    addEventListener("beforeunload", (event) => {
      if (this.unsaved || this.#onItsWay) event.preventDefault();
    });
  }

  typed() {
    this.unsaved = true;
    if (!this.stopped) this.say("Saving …");
    this.later();
  }

  later(milliseconds = this.delay) {
    clearTimeout(this.#waiting);
    if (!this.stopped) this.#waiting = setTimeout(() => this.save(), milliseconds);
  }

  /** No save of its own accord until something is typed again. */
  cancel() {
    clearTimeout(this.#waiting);
  }

  /** What is in the form now is all on the server, or is not to go there. */
  forget() {
    this.cancel();
    this.unsaved = false;
  }

  /** What is in the form is not to go there, nor to arrive later: once the save on its way has ended. */
  async discard() {
    let sending;
    do {
      this.forget();
      sending = this.#sending;
      await sending;
    } while (sending !== this.#sending);
    this.forget();
  }

  /** One save; what became of it, or "away" where no server was there to take it. */
  save() {
    clearTimeout(this.#waiting);
    this.#sending = this.#sending.then(() => (this.stopped ? "conflict" : this.#send()));
    return this.#sending;
  }

  /** Once everything that was typed has been sent, also what was typed while it was on its way. */
  async flush() {
    let outcome = "saved";
    await this.#sending;
    while (this.unsaved && outcome === "saved") outcome = await this.save();
    return outcome;
  }

  async #send() {
    const form = this.form();
    if (!form) {
      this.unsaved = false; // nothing is there any more that could be
      return "saved";
    }
    renewToken(form);
    const body = new FormData(form);
    this.prepare(body);
    this.unsaved = false;
    this.#onItsWay = true;
    try {
      const headers = { "HX-Request": "true", ...drawnFor() };
      const response = await fetch(form.dataset.save, { method: "POST", body, headers });
      const events = JSON.parse(response.headers.get("HX-Trigger") || "{}");
      const revision = response.headers.get("X-Revision");
      if (revision) form.elements.revision.value = revision;
      const outcome = this.outcomeOf(events);
      if (outcome === "saved") return outcome;
      this.unsaved = true;
      this.stopped = outcome === "conflict";
      if (outcome) return outcome;
      this.why = await whyNot(response);
      this.say(`Not saved: ${this.why}.`, true);
    } catch {
      this.unsaved = true;
      this.why = OUT_OF_REACH;
      this.say(`Not saved: ${this.why}. Trying again …`, true);
    } finally {
      this.#onItsWay = false;
    }
    this.later(AGAIN);
    return "away";
  }
}
