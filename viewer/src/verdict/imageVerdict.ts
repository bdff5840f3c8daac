// Accept, modify, reject: of the image that is on the screen, and of no other.

import { pressedButton } from "../refusing";
import { make } from "../signal";
import { loading } from "../tools/still";
import type { Decision, Line } from "./lines";

export interface OnScreen {
  /** The image that is drawn in the active viewport now; null where there is none. */
  image: { id: string; number: number } | null;
  /** Its place in the series, in words. */
  place: string;
  /** Why it is not one that this verdict is about; empty where it is. */
  foreign: string;
  /** The number of the image that was asked for and is not drawn yet; null where it is. */
  awaited: number | null;
}

const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector);
const all = <T extends HTMLElement>(selector: string) => [
  ...document.querySelectorAll<T>(selector),
];

export class ImageVerdict {
  private shown: Line | null = null;

  constructor(
    private readonly onScreen: () => OnScreen,
    private readonly lineOf: (image: string) => Line | undefined,
    private readonly toImage: () => void,
  ) {}

  /** Why nothing can be said of the image that the reader asked for; empty where it is drawn. */
  get notYet(): string {
    const { awaited } = this.onScreen();
    return awaited === null ? "" : loading(awaited);
  }

  /** The line of the image on the screen, or why there is none. */
  private current(): Line | string {
    const { image, foreign } = this.onScreen();
    if (foreign) return foreign;
    if (!image) return "There is no image on the screen to assess.";
    return this.lineOf(image.id) ?? `There is no AI result of image ${image.number} to assess.`;
  }

  /** Returns what is to be told to the reader, where nothing was done; else an empty text. */
  decide(decision: Decision): string {
    const line = this.current();
    if (typeof line === "string") return line;
    if (this.notYet) return this.notYet;
    const isAgain = line.decision === decision && decision !== "accept";
    line.decide(decision);
    this.show();
    if (isAgain) find("[data-reason-choice]")?.focus({ preventScroll: true });
    return "";
  }

  give(reason: string): void {
    this.shown?.give(reason);
    this.show();
  }

  write(words: string): void {
    this.shown?.write(words);
    this.showAsked();
  }

  /** Draws the controls for the image that is on the screen now. */
  show(): void {
    const line = this.current();
    const { image, place } = this.onScreen();
    const isLine = typeof line !== "string";
    if (this.shown && this.shown !== line) this.shown.element.hidden = true;
    this.shown = isLine ? line : null;
    if (isLine) line.element.hidden = false;
    const title = find("[data-image-title]");
    if (!title) return;
    write(title, image ? place : "No image");
    const none = find("[data-image-none]")!;
    none.hidden = isLine;
    write(none, isLine ? "" : line);
    const decision = isLine ? line.decision : "";
    for (const one of all<HTMLButtonElement>("[data-decision-choice]")) {
      one.disabled = !isLine;
      press(one, isLine && one.dataset.decisionChoice === decision);
    }
    const box = find("[data-reason-box]")!;
    const hadFocus = box.contains(document.activeElement);
    box.hidden = decision !== "modify" && decision !== "reject";
    if (hadFocus && box.hidden) this.toImage();
    for (const one of all("[data-reason-choice]")) {
      press(one, isLine && one.dataset.reasonChoice === line.reason);
    }
    const words = find<HTMLInputElement>("[data-reason-words]")!;
    words.hidden = !isLine || !line.reason;
    if (isLine && document.activeElement !== words) words.value = line.words;
    this.showAsked();
  }

  private showAsked(): void {
    const asked = find("[data-reason-asked]");
    if (!asked || !this.shown) return;
    const { decision, reason, lacksReason } = this.shown;
    asked.hidden = !lacksReason;
    const what = reason ? "Say it in words" : `Choose why you ${decision} it`;
    asked.replaceChildren(
      `${what}. `,
      ...(reason || pressedButton()
        ? []
        : [make("span", { class: "ns-sub" }, "The same key again goes there.")]),
    );
  }
}

function press(one: HTMLElement, on: boolean): void {
  const text = String(on);
  if (one.getAttribute("aria-pressed") !== text) one.setAttribute("aria-pressed", text);
}

/** Not anew where it is the same: scrolling draws many times a second. */
function write(one: HTMLElement, text: string): void {
  if (one.textContent !== text) one.textContent = text;
}
