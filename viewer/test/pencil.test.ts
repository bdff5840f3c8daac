import { beforeEach, describe, expect, it } from "vitest";
import { MarkPencil } from "../src/drawing/pencil";
import { Book } from "../src/marks/book";
import type { Pane } from "../src/pane";
import type { Geometry } from "../src/types";

const pane = {
  image: { id: "image", width: 100, height: 100 },
  matrix: { a: 2, b: 0, c: 0, d: 2, e: 0, f: 0 }, // two screen pixels for a pixel
} as unknown as Pane;

describe("the pencil", () => {
  let pencil: MarkPencil;
  let drawn: Geometry[];

  beforeEach(() => {
    pencil = new MarkPencil(new Book());
    pencil.mayDraw = true;
    drawn = [];
    pencil.onFinished = (_, geometry) => drawn.push(geometry);
  });

  const click = (x: number, y: number) => {
    pencil.down(pane, [x, y]);
    pencil.up(pane, [x, y]);
  };

  it("ends a polygon with a double-click, which is one corner", () => {
    pencil.choose("polygon");
    click(20, 20);
    click(60, 20);
    click(60, 60);
    click(61, 60);
    pencil.double(pane);
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
    expect(pencil.draft).toBeNull();
  });

  it("waits for the next corner where there are too few", () => {
    pencil.choose("polygon");
    click(20, 20);
    click(60, 20);
    pencil.finish();
    pencil.double(pane);
    expect(drawn).toEqual([]);
    click(60, 60);
    pencil.finish();
    expect(drawn).toHaveLength(1);
  });

  it("closes an outline at its first corner, and leaves it on request", () => {
    pencil.choose("freehand");
    for (const [x, y] of [
      [20, 20],
      [60, 20],
      [60, 60],
      [22, 21],
    ] as const)
      click(x, y);
    expect(drawn[0]).toMatchObject({ shape: "freehand", closed: true });
    click(50, 50);
    expect(pencil.cancel()).toBe(true);
    expect(pencil.draft).toBeNull();
  });

  it("is a cross that the arrow keys move, inside of the image", () => {
    pencil.choose("length");
    pencil.press(pane);
    pencil.nudge(pane, 70, 0);
    pencil.press(pane);
    expect(drawn).toEqual([{ shape: "length", start: [50, 50], end: [100, 50] }]);
  });

  it("puts a shape in the middle, for who types its numbers", () => {
    for (const shape of ["rectangle", "polygon", "freehand", "bidirectional"] as const) {
      pencil.choose(shape);
      expect(pencil.putInMiddle(pane)).toBe(true);
    }
    expect(drawn.map(({ shape }) => shape)).toEqual([
      "rectangle",
      "polygon",
      "freehand",
      "bidirectional",
    ]);
    expect(drawn[0]).toMatchObject({ x: 40, y: 40, width: 20, height: 20 });
    expect(drawn[2]).toMatchObject({ closed: true });
    pencil.choose(null);
    expect(pencil.putInMiddle(pane)).toBe(false);
  });

  it("pulls a handle, or the whole mark, as one step that can be undone", () => {
    const book = new Book();
    const own = new MarkPencil(book);
    own.mayDraw = true;
    const line = { shape: "length" as const, start: [10, 10] as const, end: [40, 10] as const };
    book.draw("a", "image", line);
    const drag = (from: [number, number], ...to: [number, number][]) => {
      own.down(pane, from);
      for (const at of to) own.move(pane, at);
      own.up(pane, to.at(-1)!);
    };
    drag([50, 20], [50, 30], [50, 40]); // on the line, between its ends
    expect(own.selected).toBe("a");
    expect(book.wish("a")!.geometry).toEqual({ shape: "length", start: [10, 20], end: [40, 20] });
    drag([80, 40], [90, 60], [100, 80]); // its end
    expect(book.wish("a")!.geometry).toEqual({ shape: "length", start: [10, 20], end: [50, 40] });
    book.undo();
    book.undo();
    expect(book.wish("a")!.geometry).toEqual(line);
  });

  it("draws nothing for who may not", () => {
    pencil.mayDraw = false;
    pencil.choose("length");
    expect(pencil.shape).toBeNull();
  });
});
