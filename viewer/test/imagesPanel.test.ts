import { describe, expect, it, vi } from "vitest";
import type { OpenStudy } from "../src/studies";
import { FakeElement, fakeDocument } from "./fakeDom";
import { placed, stackOf } from "./placed";

vi.stubGlobal("document", fakeDocument());
vi.stubGlobal("window", globalThis);

describe("the pictures of a series that is prepared while it is open", () => {
  it("come in its strip and at its head, each without a reload", async () => {
    const { ImagesPanel } = await import("../src/panels/images");
    const images = [0, 1, 2].map((n) =>
      placed([0, 0, n], undefined, {
        ...{ id: `${n}`, number: n + 1, decoding: n ? "waiting" : "decoded" },
        thumbnail_url: `/t/${n}`,
      }),
    );
    const stack = stackOf(images);
    const { study } = stack;
    const info = { id: "s", series: [], other_studies: [], study_date: "2026-01-02" };
    Object.assign(study, { info, color: 0, stacks: [stack] } as unknown as OpenStudy);
    const [picker, strip, others] = [new FakeElement(), new FakeElement(), new FakeElement()];
    others.append(new FakeElement("[data-others-list]"));
    const panel = new ImagesPanel(
      ...([picker, strip, others] as unknown as [HTMLElement, HTMLElement, HTMLElement]),
      { open: () => {}, openSeries: () => {}, beside: () => {} },
    );
    panel.show([study]);
    const pictures = () =>
      [strip, picker].map((one) => one.querySelectorAll("img").map(({ src }) => src));
    expect(pictures()).toEqual([["/t/0", "/t/1", "/t/2"], ["/t/1"]]);
    images[1]!.decoding = "decoded";
    panel.showPrepared();
    expect(pictures()).toEqual([["/t/0", "/t/1#decoded", "/t/2"], ["/t/1#decoded"]]);
    expect(picker.querySelector(".ns-sub")!.textContent).toBe("3 images · 1 being prepared");
    images[2]!.decoding = "decoded";
    panel.showPrepared();
    expect(pictures()).toEqual([["/t/0", "/t/1#decoded", "/t/2#decoded"], ["/t/1#decoded"]]);
  });
});
