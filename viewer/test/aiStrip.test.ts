import { describe, expect, it, vi } from "vitest";
import type { Analysis } from "../src/types";
import { type FakeElement, fakeDocument } from "./fakeDom";
import { placed, stackOf } from "./placed";

const page = fakeDocument();
vi.stubGlobal("document", page);
vi.stubGlobal("window", globalThis);

const release = { id: "r", name: "vgg", version: "2" };
const images = [0.2, 0.9, 0.4].map((probability, n) =>
  placed([0, 0, n], undefined, {
    number: n + 1,
    analyses: [
      {
        ...{ status: "completed", probability, threshold: 0.5, model_release: release },
        finished_at: "2026-01-02",
      } as Analysis,
    ],
  }),
);

describe("the strip along the slices", () => {
  it("speaks of the slice on the screen while the next one loads", async () => {
    const { AiStrip } = await import("../src/panels/aiStrip");
    const stack = stackOf(images);
    Object.assign(stack.study, { info: { ai_visible: true } });
    const active = { stack, index: 0, onScreen: images[0] as unknown };
    const strip = new AiStrip({ active, viewports: [active] } as never);
    const [words, plot] = ["words", "plot"].map((name) =>
      page.querySelector(`[data-ai-strip-${name}]`),
    ) as [FakeElement, FakeElement];
    const mark = plot.children.at(-1)!;
    strip.show();
    expect(words.textContent).toBe("Image 1: 0.200");
    active.index = 1; // asked for, and not here yet
    strip.show();
    expect(words.textContent).toBe("Image 1: 0.200");
    expect(plot.getAttribute("aria-valuenow")).toBe("1");
    expect(Number.parseFloat(mark.style.left!)).toBeCloseTo(100 / 6);
    active.onScreen = images[1];
    strip.show();
    expect(words.textContent).toBe("Image 2: 0.900");
    active.onScreen = null; // it could not be loaded
    strip.show();
    expect([words.textContent, mark.hidden]).toEqual(["", true]);
    expect(plot.getAttribute("aria-valuetext")).toBe("");
  });
});
