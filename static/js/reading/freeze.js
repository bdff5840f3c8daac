// From the moment a verdict is signed, or a finding committed, until the answer is drawn, nothing of it can be
// changed: what is signed is what was on the screen then. Where the next study opens, that page is the answer.

const root = document.documentElement;
let hadFocus = "";

const parts = () => document.querySelectorAll("[data-verdict], [data-verdict-rest]");

export const isFrozen = () => "signing" in root.dataset;

/** Why nothing is done now. */
export const whyFrozen = () =>
  root.dataset.signing === "finding"
    ? "Nothing was done: your finding is being committed."
    : "Nothing was done: the verdict is being signed.";

/** `what` is sent: "verdict" or "finding", which the viewer reads as well (viewer/src/verdict/signing.ts). */
export function freeze(what) {
  hadFocus = document.activeElement?.id || "";
  root.dataset.signing = what;
  for (const part of parts()) part.inert = true;
}

export function thaw() {
  if (!isFrozen()) return;
  delete root.dataset.signing;
  for (const part of parts()) part.inert = false;
  const isLost = document.activeElement === document.body;
  if (hadFocus && isLost) document.getElementById(hadFocus)?.focus({ preventScroll: true });
}
