import { describe, expect, it, vi } from "vitest";
import type { Stack } from "../src/studies";
import { ViewportGrid } from "../src/viewportGrid";
import { AXIAL, placed, SAGITTAL, stackOf } from "./placed";

vi.mock("../src/viewport", async () => import("./fakeViewport"));
vi.stubGlobal(
  "ResizeObserver",
  class {
    observe() {}
  },
);
vi.stubGlobal("requestAnimationFrame", () => 0);
vi.stubGlobal("document", { activeElement: null });

const WINDOW = { center: 300, width: 500 };
const axial = (...heights: number[]) => heights.map((z) => placed([0, 0, z], AXIAL));
const series = (name: string, images = axial(0, 5, 10)): Stack => ({ ...stackOf(images), name });

/** So many viewports, with these series in them. */
function gridOf(...stacks: Stack[]): ViewportGrid {
  const grid = new ViewportGrid({ dataset: {}, append: () => {} } as never, {} as never);
  grid.setCount(1);
  const study = { stacks } as never;
  for (const stack of stacks) stack.study = study;
  grid.open(stacks[0]!);
  grid.setCount(stacks.length);
  for (const [n, stack] of stacks.entries()) grid.open(stack, 0, grid.viewports[n]!);
  grid.activate(grid.viewports[0]!);
  return grid;
}

describe("a window", () => {
  const windows = (grid: ViewportGrid) => grid.viewports.map(({ window }) => window);

  it("is set in the linked viewports of the same series, its planes too, and in no other", () => {
    const t1c = series("T1c");
    const plane: Stack = { ...t1c, original: t1c };
    const grid = gridOf(t1c, series("FLAIR"), t1c, plane);
    grid.setWindow(WINDOW);
    expect(windows(grid)).toEqual([WINDOW, null, WINDOW, WINDOW]);
    grid.activate(grid.viewports[3]!);
    grid.setWindow(null);
    expect(windows(grid)).toEqual([null, null, null, null]);
    grid.links.window = false;
    grid.setWindow(WINDOW);
    expect(windows(grid)).toEqual([null, null, null, WINDOW]);
  });

  it("is taken along into a further viewport of the same series, and of no other", () => {
    const grid = gridOf(series("T1c"), series("FLAIR"));
    grid.setCount(1);
    grid.setWindow(WINDOW);
    grid.setCount(3);
    expect(grid.viewports.map(({ stack }) => stack?.name)).toEqual(["T1c", "FLAIR", "T1c"]);
    expect(windows(grid)).toEqual([WINDOW, null, WINDOW]);
  });

  it("ends with its series", () => {
    const flair = series("FLAIR");
    const grid = gridOf(series("T1c"), flair);
    grid.setWindow(WINDOW);
    grid.open(grid.active.stack!, 2);
    expect(grid.active.window).toBe(WINDOW);
    grid.openSeries(flair);
    expect(grid.active.window).toBeNull();
  });
});

describe("the crosshair", () => {
  it("leaves a series where it is whose files do not say where its slices lie", () => {
    const unplaced = axial(0, 5, 10).map((image) => ({ ...image, image_position: null }));
    const across = [0, 20, 40].map((x) => placed([x, 0, 50], SAGITTAL));
    const grid = gridOf(series("T1c"), series("T2", unplaced), series("sagittal", across));
    for (const viewport of grid.viewports) viewport.goTo(1);
    (grid.active as { onScreen: unknown }).onScreen = grid.active.stack!.images[1];
    expect(grid.placeCrosshair(grid.active, [40.5, 40])).toBe(true);
    expect(grid.viewports.map(({ index }) => index)).toEqual([1, 1, 2]);
  });
});
