// What is refused is said at the button that was pressed; after a key of the image over the image.

import { announce, find, takeTellingBack, tell } from "./dom";

const SHOWN = 4000; // milliseconds
const HELD_BESIDE = new Set(["Shift", "Control", "Alt", "Meta"]);
const GAP = 6; // pixels between the button and what is said of it

let pressed: HTMLElement | null = null;
let fading = 0;
let told = ""; // refused over the image

const line = () => find("[data-refusal]");

export function watchPresses(): void {
  const note = (button: Element | null) => {
    pressed = button as HTMLElement | null;
    takeBack(); // it was about the press before
  };
  const buttonOf = (event: Event) => (event.target as Element).closest?.("button") ?? null;
  const capture = { capture: true };
  document.addEventListener("pointerdown", (event) => note(buttonOf(event)), capture);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.repeat || HELD_BESIDE.has(event.key)) return; // no press of its own
      note(/^( |Enter)$/.test(event.key) ? buttonOf(event) : null);
    },
    capture,
  );
}

/** What was refused is not so any more: `text`, or whatever it was. */
export function takeBack(text?: string): void {
  const said = line();
  if (text === undefined || said.textContent === text) said.hidden = true;
  if (!told || (text !== undefined && text !== told)) return;
  takeTellingBack(told);
  told = "";
}

/** The button that was pressed last; null where something else was, or a key. */
export function pressedButton(): HTMLElement | null {
  return pressed;
}

/** `at`: where it was pressed before an answer was waited for. */
export function refuse(text: string, at = pressed): void {
  if (!at?.isConnected || !at.getClientRects().length) {
    tell(text);
    told = text;
    return;
  }
  announce(text);
  const said = line();
  said.textContent = text;
  said.hidden = false;
  const { left, top, bottom } = at.getBoundingClientRect();
  const { width, height } = said.getBoundingClientRect();
  const isRoom = bottom + GAP + height <= window.innerHeight;
  said.style.left = `${Math.max(GAP, Math.min(left, window.innerWidth - width - GAP))}px`;
  said.style.top = `${isRoom ? bottom + GAP : Math.max(GAP, top - GAP - height)}px`;
  clearTimeout(fading);
  fading = window.setTimeout(() => {
    said.hidden = true;
  }, SHOWN);
}
