// How far the verdict is: each image as a small button, and the two acts for what is left.

import { make } from "../signal";
import type { Line } from "./lines";

const STATES = { "": "not assessed", accept: "accepted", modify: "modified", reject: "rejected" };

export interface OverviewSurroundings {
  lines: () => Line[];
  isSeen: (image: string) => boolean;
  open: (image: string) => void;
  changed: () => void;
  /** Stops what moves the images by itself; whether something did. */
  settle: () => boolean;
}

export class Overview {
  private readonly chips = new Map<string, HTMLButtonElement>();

  constructor(private readonly around: OverviewSurroundings) {}

  /** The form is another one. */
  build(): void {
    this.chips.clear();
    const box = document.querySelector("[data-chips]");
    if (!box) return;
    for (const { image, number } of this.around.lines()) {
      const chip = make("button", { type: "button", class: "vw-chip" }, String(number));
      chip.addEventListener("click", () => this.around.open(image));
      this.chips.set(image, chip);
    }
    box.replaceChildren(...this.chips.values());
    this.bind("[data-accept-shown]", (line) => this.around.isSeen(line.image));
    this.bind("[data-accept-unshown]", (line) => !this.around.isSeen(line.image));
  }

  private bind(selector: string, isMeant: (line: Line) => boolean): void {
    document.querySelector(selector)?.addEventListener("click", () => {
      if (this.around.settle()) return; // what counts as shown is another number now
      for (const line of this.around.lines()) {
        if (!line.decision && isMeant(line)) line.decide("accept");
      }
      this.around.changed();
    });
  }

  show(current: string | undefined): void {
    const lines = this.around.lines();
    for (const line of lines) this.showChip(line, line.image === current);
    const left = lines.filter((line) => !line.decision);
    const seen = left.filter((line) => this.around.isSeen(line.image));
    const lacking = lines.filter((line) => line.lacksReason).length;
    const facts = document.querySelector("[data-assessed]");
    if (facts) {
      facts.textContent =
        `${lines.length - left.length} of ${lines.length} assessed` +
        (lacking ? `, ${lacking} without a reason` : "");
    }
    offer("[data-accept-shown]", seen.length, "shown and not assessed");
    offer("[data-accept-unshown]", left.length - seen.length, "not shown");
  }

  private showChip(line: Line, isCurrent: boolean): void {
    const chip = this.chips.get(line.image);
    if (!chip) return;
    const isSeen = this.around.isSeen(line.image);
    const state = `${STATES[line.decision]}${line.lacksReason ? ", a reason is missing" : ""}`;
    const label = `Image ${line.number}: ${state}${isSeen ? "" : ", not shown"}`;
    chip.setAttribute("aria-current", String(isCurrent));
    if (chip.getAttribute("aria-label") === label) return;
    chip.setAttribute("aria-label", label);
    chip.title = label;
    chip.dataset.state = line.decision;
    chip.toggleAttribute("data-seen", isSeen);
    chip.toggleAttribute("data-lacks-reason", line.lacksReason);
  }
}

function offer(selector: string, count: number, which: string): void {
  const one = document.querySelector<HTMLElement>(selector);
  if (!one) return;
  one.hidden = count === 0;
  one.textContent = `Accept the ${count === 1 ? "1 image" : `${count} images`} ${which}`;
}
