// While a verdict is being signed nothing changes it: what is signed is what was on the screen when the
// key was pressed. The page's root element says so (static/js/reading/freeze.js), and whoever pressed a
// key meanwhile, which was perhaps meant for the next study, is told in that one.

import { tell } from "../dom";
import { refuse, takeBack } from "../refusing";

const KEPT = "neuroscan-pressed-while-signing";
const RECENT = 20_000; // milliseconds: it is about the study that was signed just now

let refused = ""; // what was said of it last

/** Whether it was refused: `what` is what a key or a button does. */
export function refuseWhileSigning(what: string): boolean {
  const { signing } = document.documentElement.dataset;
  if (signing === undefined) return false;
  const meanwhile =
    signing === "finding"
      ? "your finding was being committed"
      : "the verdict before was being signed";
  const text = `Nothing was done by “${what}”: ${meanwhile}.`;
  refuse(text);
  refused = text;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ text, at: Date.now() }));
  } catch {
    // A browser that keeps nothing: it was said here.
  }
  return true;
}

/** What comes now is a question about the same signature: that is what the reader is to read. */
export function takeBackWhatWasPressed(): void {
  if (refused) takeBack(refused);
  refused = "";
}

/** Nothing of it is to be told in the next study any more. */
export function forgetWhatWasPressed(): void {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing is kept.
  }
}

export function tellWhatWasPressed(): void {
  try {
    const { text, at } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    if (text && Date.now() - at < RECENT) tell(text);
  } catch {
    // Nothing is kept, or nothing of ours.
  }
  forgetWhatWasPressed();
}
