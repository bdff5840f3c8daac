// How far the verdict is: each image as a small button, and the two acts for what is left, with their Undo.

import { BulkAcceptance } from "../../../static/js/reading/bulk_acceptance.js";
import { refuse } from "../refusing";
import { make } from "../signal";
import type { Line } from "./lines";

const BULK = "[data-accept-shown], [data-accept-unshown], [data-accept-undo]";
const STATES = { "": "not assessed", accept: "accepted", modify: "modified", reject: "rejected" };

export interface OverviewSurroundings {
  lines: () => Line[];
  isSeen: (image: string) => boolean;
  open: (image: string) => void;
  changed: () => void;
  /** Stops what moves the images by itself; whether something did. */
  settle: () => boolean;
  toImage: () => void;
}

export class Overview {
  private readonly chips = new Map<string, HTMLButtonElement>();

  private readonly bulk: BulkAcceptance;

  constructor(private readonly around: OverviewSurroundings) {
    this.bulk = new BulkAcceptance({
      verdict: () =>
        document.querySelector<HTMLElement>("[data-verdict-form]")?.dataset.verdictForm ?? "",
      lines: around.lines,
      isSeen: around.isSeen,
      decide: (lines, decision) => {
        const meant = new Set(lines.map((one) => one.analysis));
        for (const line of around.lines()) if (meant.has(line.analysis)) line.decide(decision);
        around.changed();
      },
      refuse,
      done: around.toImage,
    });
    document.addEventListener("click", (event) => {
      const isBulk = (event.target as Element).closest?.(BULK);
      // What counts as shown is another number once the images stand still.
      if (isBulk && !this.around.settle()) this.bulk.press(event);
    });
  }

  /** The result was assessed by itself: no Undo of many takes that back. */
  forget(analysis: string): void {
    this.bulk.forget(analysis);
  }

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
  }

  show(current: string | undefined): void {
    const lines = this.around.lines();
    for (const line of lines) this.showChip(line, line.image === current);
    const left = lines.filter((line) => !line.decision);
    const lacking = lines.filter((line) => line.lacksReason).length;
    const facts = document.querySelector("[data-assessed]");
    if (facts) {
      facts.textContent =
        `${lines.length - left.length} of ${lines.length} assessed` +
        (lacking ? `, ${lacking} without a reason` : "");
    }
    this.bulk.show();
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
