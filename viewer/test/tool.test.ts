import { beforeEach, describe, expect, it } from "vitest";
import { AnnotationStore } from "../src/annotations/store";
import { DrawingTool } from "../src/drawing/tool";
import type { Geometry } from "../src/types";
import type { Viewport } from "../src/viewport";

const viewport = {
  onScreen: { id: "image", width: 100, height: 100 },
  matrix: { a: 2, b: 0, c: 0, d: 2, e: 0, f: 0 }, // two screen pixels for a pixel
} as unknown as Viewport;

const shown = { own: true, others: true, regions: false };

describe("the drawingTool", () => {
  let drawingTool: DrawingTool;
  let drawn: Geometry[];

  beforeEach(() => {
    drawingTool = new DrawingTool(new AnnotationStore(), shown);
    drawingTool.mayDraw = true;
    drawn = [];
    drawingTool.onFinished = (_, geometry) => drawn.push(geometry);
  });

  const click = (x: number, y: number) => {
    drawingTool.down(viewport, [x, y]);
    drawingTool.up(viewport, [x, y]);
  };

  it("ends a polygon with a double-click, which is one corner", () => {
    drawingTool.choose("polygon");
    click(20, 20);
    click(60, 20);
    click(60, 60);
    click(61, 60);
    drawingTool.double(viewport);
    expect(drawn).toEqual([
      {
        shape: "polygon",
        points: [
          [10, 10],
          [30, 10],
          [30, 30],
        ],
      },
    ]);
    expect(drawingTool.unfinished).toBeNull();
  });

  it("waits for the next corner where there are too few", () => {
    drawingTool.choose("polygon");
    click(20, 20);
    click(60, 20);
    drawingTool.finish();
    drawingTool.double(viewport);
    expect(drawn).toEqual([]);
    click(60, 60);
    drawingTool.finish();
    expect(drawn).toHaveLength(1);
  });

  it("closes an outline at its first corner, and leaves it on request", () => {
    drawingTool.choose("freehand");
    for (const [x, y] of [
      [20, 20],
      [60, 20],
      [60, 60],
      [22, 21],
    ] as const)
      click(x, y);
    expect(drawn[0]).toMatchObject({ shape: "freehand", closed: true });
    click(50, 50);
    expect(drawingTool.cancel()).toBe(true);
    expect(drawingTool.unfinished).toBeNull();
  });

  it("is a cross that the arrow keys move, inside of the image", () => {
    drawingTool.choose("length");
    drawingTool.press(viewport);
    drawingTool.nudge(viewport, 70, 0);
    drawingTool.press(viewport);
    expect(drawn).toEqual([{ shape: "length", start: [50, 50], end: [100, 50] }]);
  });

  it("puts a shape in the middle, for who types its numbers", () => {
    for (const shape of ["rectangle", "polygon", "freehand", "bidirectional"] as const) {
      drawingTool.choose(shape);
      expect(drawingTool.putInMiddle(viewport)).toBe(true);
    }
    expect(drawn.map(({ shape }) => shape)).toEqual([
      "rectangle",
      "polygon",
      "freehand",
      "bidirectional",
    ]);
    expect(drawn[0]).toMatchObject({ x: 40, y: 40, width: 20, height: 20 });
    expect(drawn[2]).toMatchObject({ closed: true });
    drawingTool.choose(null);
    expect(drawingTool.putInMiddle(viewport)).toBe(false);
  });

  it("pulls a handle, of a point or of the whole, as one step that can be undone", () => {
    const store = new AnnotationStore();
    const own = new DrawingTool(store, shown);
    own.mayDraw = true;
    const line = { shape: "length" as const, start: [10, 10] as const, end: [40, 10] as const };
    store.draw("a", "image", line);
    const drag = (from: [number, number], ...to: [number, number][]) => {
      own.down(viewport, from);
      for (const at of to) own.move(viewport, at);
      own.up(viewport, to.at(-1)!);
    };
    drag([50, 20], [50, 30], [50, 40]); // on the line, between its ends: chosen, and not moved
    expect(own.selected).toBe("a");
    drag([50, 20], [50, 30], [50, 40]); // once more
    expect(store.draft("a")!.geometry).toEqual(line);
    own.isBelowLens = () => true;
    drag([20, 44], [20, 54], [20, 64]);
    drag([80, 20], [90, 60], [100, 80]);
    expect(store.draft("a")!.geometry).toEqual(line);
    own.isBelowLens = () => false;
    drag([20, 44], [20, 54], [20, 64]); // the handle of the whole: below, above there is no room
    expect(store.draft("a")!.geometry).toEqual({ shape: "length", start: [10, 20], end: [40, 20] });
    drag([80, 40], [90, 60], [100, 80]); // its end
    expect(store.draft("a")!.geometry).toEqual({ shape: "length", start: [10, 20], end: [50, 40] });
    store.undo();
    store.undo();
    expect(store.draft("a")!.geometry).toEqual(line);
  });

  it("chooses nothing that is switched off", () => {
    const store = new AnnotationStore();
    const off = { ...shown, own: false };
    const tool = new DrawingTool(store, off);
    store.draw("a", "image", { shape: "length", start: [10, 10], end: [40, 10] });
    const press = () => {
      tool.down(viewport, [50, 20]);
      tool.up(viewport, [50, 20]);
    };
    press();
    expect(tool.selected).toBeNull();
    off.own = true;
    press();
    expect(tool.selected).toBe("a");
    expect(tool.chosenOf).toBe("own");
  });

  it("draws nothing for who may not", () => {
    drawingTool.mayDraw = false;
    drawingTool.choose("length");
    expect(drawingTool.shape).toBeNull();
  });

  it("ends no shape on another image than it was begun on", () => {
    const moving = { ...viewport } as unknown as { onScreen: unknown };
    drawingTool.choose("rectangle");
    drawingTool.down(moving as Viewport, [20, 20]);
    drawingTool.up(moving as Viewport, [20, 20]);
    drawingTool.move(moving as Viewport, [80, 80]);
    moving.onScreen = { id: "next", width: 100, height: 100 };
    drawingTool.unfinished!.points.push([40, 40]);
    drawingTool.finish();
    expect(drawn).toEqual([]);
    expect(drawingTool.unfinished).toBeNull();
  });

  it("draws nothing where no image is on the screen, or while the images go by themselves", () => {
    drawingTool.choose("length");
    const empty = { ...viewport, onScreen: null, matrix: null } as unknown as Viewport;
    drawingTool.down(empty, [20, 20]);
    drawingTool.press(empty);
    drawingTool.putInMiddle(empty);
    expect(drawingTool.unfinished).toBeNull();
    let stops = 0;
    drawingTool.settle = () => stops++ === 0;
    click(20, 20);
    expect(drawingTool.unfinished).toBeNull();
    click(20, 20);
    expect(drawingTool.unfinished).not.toBeNull();
  });
});
