// The two acts for what is left without an assessment: of the images that were shown, and, said as such, of those
// that were not; and the way back from both. Pages load this file as it is (accept_rest.js); the viewer's bundle has
// it built in (viewer/src/verdict/overview.ts).
//
// A second click is none of another button: each keeps its place while it has nothing to do, and for a second
// after one of them was pressed none of them counts.

const PAUSE = 1000; // milliseconds
const BUTTONS = "[data-accept-shown], [data-accept-unshown], [data-accept-undo]";
export const TOO_SOON = "Nothing was done: this came with the press before. Look, then press again.";

/**
 * @typedef {{ analysis: string, image: string, decision: string }} AcceptableLine
 * @typedef {object} Surroundings
 * @property {() => string} verdict which one the form is of, "" where there is no form
 * @property {() => AcceptableLine[]} lines
 * @property {(image: string) => boolean} isSeen
 * @property {(lines: AcceptableLine[], decision: "accept" | "") => void} decide "" is not assessed
 * @property {(text: string, button: HTMLElement) => void} refuse
 * @property {() => void} done what was pressed may have gone: the focus is the image's
 */

/** @param {number} count */
const images = (count) => (count === 1 ? "1 image" : `${count} images`);

export class BulkAcceptance {
  /** @type {Set<string>} the analyses that the act before accepted */
  #accepted = new Set();
  #verdict = ""; // of which they are
  #pressedAt = Number.NEGATIVE_INFINITY;

  /** @param {Surroundings} around */
  constructor(around) {
    this.around = around;
  }

  /** @param {boolean} isSeen whether of the images that were shown, or of the others */
  #left(isSeen) {
    return this.around
      .lines()
      .filter((line) => !line.decision && this.around.isSeen(line.image) === isSeen);
  }

  #undoable() {
    return this.around
      .lines()
      .filter((line) => line.decision === "accept" && this.#accepted.has(line.analysis));
  }

  /**
   * It was assessed by itself: no Undo takes it back.
   *
   * @param {string} analysis
   */
  forget(analysis) {
    this.#accepted.delete(analysis);
  }

  /** What was accepted in a verdict is signed with that: nothing in the next one takes it back. */
  #meet() {
    const verdict = this.around.verdict();
    if (verdict !== this.#verdict) this.#accepted.clear();
    this.#verdict = verdict;
  }

  /** Names the buttons with their counts. */
  show() {
    this.#meet();
    const [shown, unshown, undo] = [this.#left(true), this.#left(false), this.#undoable()];
    const isOver = shown.length + unshown.length + undo.length === 0;
    const text = (/** @type {AcceptableLine[]} */ lines) => `Accept the ${images(lines.length)}`;
    this.#offer("[data-accept-shown]", shown, `${text(shown)} shown and not assessed`, isOver);
    this.#offer("[data-accept-unshown]", unshown, `${text(unshown)} not shown`, isOver);
    const back = `Undo: ${images(undo.length)} accepted`;
    this.#offer("[data-accept-undo]", undo, back, undo.length === 0);
  }

  /**
   * @param {string} selector
   * @param {AcceptableLine[]} lines
   * @param {string} text
   * @param {boolean} isGone
   */
  #offer(selector, lines, text, isGone) {
    /** @type {HTMLElement | null} */
    const button = document.querySelector(selector);
    if (!button) return;
    button.hidden = isGone;
    button.toggleAttribute("data-idle", lines.length === 0); // keeps its place
    if ((lines.length || !button.textContent) && button.textContent !== text) {
      button.textContent = text;
    }
  }

  /** @param {MouseEvent} event */
  press(event) {
    /** @type {HTMLElement | null} */
    const button = /** @type {Element} */ (event.target).closest?.(BUTTONS);
    if (!button) return;
    this.#meet();
    const now = performance.now();
    if (event.detail > 1 || now - this.#pressedAt < PAUSE) {
      this.around.refuse(TOO_SOON, button);
      return;
    }
    this.#pressedAt = now;
    if (button.matches("[data-accept-undo]")) {
      this.around.decide(this.#undoable(), "");
      this.#accepted.clear();
    } else {
      const lines = this.#left(button.matches("[data-accept-shown]"));
      this.around.decide(lines, "accept");
      this.#accepted = new Set(lines.map((line) => line.analysis));
    }
    this.show();
    this.around.done();
  }
}
