import { beforeEach, describe, expect, it, vi } from "vitest";
import { BulkAcceptance, TOO_SOON } from "../../static/js/reading/bulk_acceptance.js";

const NAMES = ["accept-shown", "accept-unshown", "accept-undo"] as const;
type Name = (typeof NAMES)[number];

class Button {
  hidden = true;
  textContent = "";
  isIdle = false;

  constructor(readonly name: Name) {}

  toggleAttribute(_: string, on: boolean) {
    this.isIdle = on;
  }

  matches(selector: string) {
    return selector.includes(`[data-${this.name}]`);
  }

  closest(selector: string) {
    return this.matches(selector) ? this : null;
  }
}

describe("the two acts for what is left", () => {
  let buttons: Record<Name, Button>;
  let lines: { analysis: string; image: string; decision: string }[];
  let told: string[];
  let now: number;
  let verdict: string;
  let bulk: BulkAcceptance;

  beforeEach(() => {
    buttons = Object.fromEntries(NAMES.map((name) => [name, new Button(name)])) as typeof buttons;
    const found = (selector: string) => NAMES.find((name) => selector === `[data-${name}]`)!;
    vi.stubGlobal("document", { querySelector: (one: string) => buttons[found(one)] });
    vi.stubGlobal("performance", { now: () => now });
    now = 60_000;
    lines = ["1", "2", "3"].map((image) => ({ analysis: `a${image}`, image, decision: "" }));
    told = [];
    verdict = "first";
    bulk = new BulkAcceptance({
      verdict: () => verdict,
      lines: () => lines,
      isSeen: (image) => image === "1",
      decide: (meant, decision) => {
        for (const one of meant) one.decision = decision;
      },
      refuse: (text) => void told.push(text),
      done: () => void told.push("to the image"),
    });
    bulk.show();
  });

  const press = (name: Name, detail = 1) =>
    bulk.press({ target: buttons[name], detail } as unknown as MouseEvent);
  const decisions = () => lines.map((one) => one.decision);

  it("keeps the place of the one that has nothing left", () => {
    press("accept-shown");
    expect(decisions()).toEqual(["accept", "", ""]);
    const { hidden, isIdle, textContent } = buttons["accept-shown"];
    expect({ hidden, isIdle, textContent }).toEqual({
      hidden: false,
      isIdle: true,
      textContent: "Accept the 1 image shown and not assessed",
    });
    expect(told).toEqual(["to the image"]);
  });

  it("takes no second press of a double click, nor one within a second", () => {
    press("accept-unshown", 2);
    expect(decisions()).toEqual(["", "", ""]);
    press("accept-shown");
    now += 900;
    press("accept-unshown");
    expect(decisions()).toEqual(["accept", "", ""]);
    expect(told).toEqual([TOO_SOON, "to the image", TOO_SOON]);
    now += 200;
    press("accept-unshown");
    expect(decisions()).toEqual(["accept", "accept", "accept"]);
  });

  it("takes nothing back of a verdict that was signed since", () => {
    press("accept-unshown");
    for (const other of ["", "an amendment", "another one"]) {
      verdict = other;
      now += 1000;
      press("accept-undo"); // before anything is named anew
      expect(decisions()).toEqual(["", "accept", "accept"]);
      expect(buttons["accept-undo"].hidden).toBe(true);
    }
    verdict = "first"; // as one that came back: that is another form
    bulk.show();
    expect(buttons["accept-undo"].hidden).toBe(true);
  });

  it("is undone as a whole, but for what was assessed by itself since", () => {
    press("accept-unshown");
    bulk.forget("a2");
    bulk.show();
    expect(buttons["accept-undo"].textContent).toBe("Undo: 1 image accepted");
    now += 1000;
    press("accept-undo");
    expect(decisions()).toEqual(["", "accept", ""]);
    expect(buttons["accept-undo"].hidden).toBe(true);
  });
});
