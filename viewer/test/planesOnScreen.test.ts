import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "../src/frames";
import type { Stack } from "../src/studies";
import { ViewportGrid } from "../src/viewportGrid";
import { fakeDocument } from "./fakeDom";
import type { Viewport as FakeViewport } from "./fakeViewport";
import { AXIAL, placed, stackOf } from "./placed";

vi.mock("../src/viewport", async () => import("./fakeViewport"));
const page = fakeDocument();
vi.stubGlobal("document", page);
vi.stubGlobal("window", globalThis);
vi.stubGlobal("requestAnimationFrame", () => 0);
vi.stubGlobal(
  "ResizeObserver",
  class {
    observe() {}
  },
);

const SPACING = { pixel_spacing: { row: 0.5, column: 0.5 }, width: 8, height: 8, bits_stored: 12 };
const frame = {
  ...{ rows: 8, columns: 8, bits: 16, samples: 1, minimum: 0, maximum: 9, windows: [] },
  pixels: new Uint16Array(64),
} as unknown as Frame;

function seriesOf(name: string): Stack {
  const images = [0, 1, 2, 3].map((z) =>
    placed([0, 0, z], AXIAL, { ...SPACING, frame_url: `${name}${z}` }),
  );
  return { ...stackOf(images), name, series: name };
}

const WINDOW = { center: 300, width: 500 };
const told = () => page.querySelector("[data-announcement]").textContent;

describe("planes on the screen", () => {
  let grid: ViewportGrid;
  const [t1c, flair, t2, dwi] = ["T1c", "FLAIR", "T2", "DWI"].map(seriesOf) as [
    Stack,
    Stack,
    Stack,
    Stack,
  ];
  const names = () => grid.viewports.map(({ stack, index }) => `${stack?.name} ${index}`);
  const opened = () =>
    (grid.viewports as unknown as FakeViewport[]).flatMap((one) => one.opened.map((s) => s.name));

  beforeEach(() => {
    grid = new ViewportGrid({ dataset: {}, append: () => {} } as never, {} as never);
    const stacks = [t1c, flair, t2, dwi];
    for (const stack of stacks) stack.study = { stacks } as never;
    grid.setCount(1);
    grid.open(t1c, 1);
  });

  async function planes() {
    const { Planes } = await import("../src/planes/planes");
    const loading = { load: () => Promise.resolve(frame) };
    return new Planes(grid, loading as never, (...given) => grid.setCount(...given));
  }

  const held = (one: object) => {
    const { current, made } = one as { current: unknown; made: Map<string, unknown> };
    return [current !== null, made.size > 0];
  };

  it("stand beside the series, and open nothing else", async () => {
    const made = await planes();
    await made.toggle();
    expect(names()).toEqual(["T1c 1", "T1c · axial 2", "T1c · coronal 3", "T1c · sagittal 3"]);
    expect(opened()).toEqual(["T1c", "T1c · axial", "T1c · coronal", "T1c · sagittal"]);
  });

  it("leave what hung before, as it was, the series where it went to", async () => {
    const made = await planes();
    grid.setCount(2);
    grid.open(flair, 3, grid.viewports[0]!);
    grid.open(t1c, 1, grid.viewports[1]!);
    grid.setWindow(WINDOW); // of the first, FLAIR
    grid.activate(grid.viewports[1]!);
    const other = { center: 1, width: 2 };
    grid.setWindow(other);
    await made.toggle();
    expect(grid.viewports.map(({ window }) => window)).toEqual([other, other, other, other]);
    grid.viewports[0]!.goTo(2);
    await made.toggle();
    expect(names()).toEqual(["FLAIR 3", "T1c 2"]);
    expect(grid.viewports.map(({ window }) => window)).toEqual([WINDOW, other]);
    expect(grid.active).toBe(grid.viewports[1]);
  });

  it("hold no memory once none is there, however they went", async () => {
    const made = await planes();
    await made.toggle();
    expect(held(made)).toEqual([true, true]);
    grid.setCount(1); // by its key
    expect(held(made)).toEqual([false, false]);
    await made.toggle();
    for (const viewport of grid.viewports) grid.open(flair, 0, viewport);
    expect(held(made)).toEqual([false, false]);
    grid.setCount(1);
    grid.open(t1c);
    await made.toggle();
    await made.toggle();
    expect([names(), held(made)]).toEqual([["T1c 0"], [false, false]]);
  });

  it("make no slab thicker than its voxels are looked at, and say so", async () => {
    const made = await planes();
    await made.toggle();
    made.useSlab({ join: "maximum", thickness: 20 });
    expect(told()).toBe("Slab of 20 mm: maximum.");
    made.useSlab({ join: "maximum", thickness: 100 });
    expect(made.slab.thickness).toBe(31.5);
    expect(names()[1]).toBe("T1c · axial · 31.5 mm maximum 2");
    expect(told()).toContain("31.5 mm thick, the most of this series");
    await made.toggle();
    made.useSlab({ join: "average", thickness: 80 }); // chosen before there are planes
    await made.toggle();
    expect(made.slab.thickness).toBe(31.5);
    expect(told()).toContain("the most of this series");
  });
});
