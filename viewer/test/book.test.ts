import { describe, expect, it } from "vitest";
import { Book, type Wish, wishOf } from "../src/marks/book";
import type { Annotation, Geometry } from "../src/types";

const line = (x: number): Geometry => ({ shape: "length", start: [0, 0], end: [x, 0] });
const wish = (x = 5): Wish => ({
  image: "i",
  geometry: line(x),
  label: "",
  note: "",
  hidden: false,
  from_analysis: null,
});
const mark = (more: Partial<Annotation> = {}): Annotation => ({
  id: "a",
  image: "i",
  author: { id: 1, name: "Iris Okafor" },
  own: true,
  version: 1,
  how: "drawn",
  hidden: false,
  geometry: line(5),
  label: "",
  note: "",
  from_analysis: null,
  measurements: {
    px: { length: 5.1, area: null, long_diameter: null, short_diameter: null },
    mm: null,
  },
  changed_at: "2026-01-01T00:00:00Z",
  ...more,
});
const ok = (annotation: Annotation) => ({
  id: annotation.id,
  status: 200,
  annotation,
  problem: null,
});

describe("the marks of a reader", () => {
  it("are created once, then revised from the version that the server has", () => {
    const book = new Book();
    book.add("a", wish());
    expect(book.operations()).toMatchObject([{ op: "create", id: "a", image: "i" }]);
    book.answered([ok(mark())], book.operations());
    expect(book.unsaved).toBe(0);
    book.change("a", { note: "rim" });
    expect(book.operations()).toEqual([{ op: "revise", id: "a", version: 1, note: "rim" }]);
  });

  it("measure what the server says of them until their shape is changed", () => {
    const book = new Book();
    book.add("a", wish());
    expect(book.measurements("a")).toBeNull();
    book.answered([ok(mark())], book.operations());
    expect(book.measurements("a")?.px.length).toBe(5.1);
    book.change("a", { label: "rim" });
    expect(book.measurements("a")?.px.length).toBe(5.1);
    book.change("a", { geometry: line(9) });
    expect(book.measurements("a")).toBeNull();
  });

  it("are changed while a save is under way, and the change is sent after it", () => {
    const book = new Book();
    book.add("a", wish());
    const sent = book.operations();
    book.change("a", { geometry: line(7) });
    book.answered([ok(mark())], sent);
    expect(book.operations()).toEqual([{ op: "revise", id: "a", version: 1, geometry: line(7) }]);
  });

  it("go back and forth; taking back a drawing hides it", () => {
    const book = new Book();
    book.add("a", wish());
    book.answered([ok(mark())], book.operations());
    book.undo();
    expect(book.ids("i")).toEqual([]);
    expect(book.operations()).toEqual([{ op: "hide", id: "a", version: 1 }]);
    book.redo();
    expect(book.unsaved).toBe(0);
  });

  it("that were drawn and taken back before they were sent are not sent at all", () => {
    const book = new Book();
    book.add("a", wish());
    book.undo();
    expect(book.operations()).toEqual([]);
  });

  it("differ from the server's only in what matters", () => {
    const book = new Book();
    book.add("a", { ...wish(), geometry: { shape: "rectangle", x: 1, y: 1, width: 2, height: 2 } });
    const stored = mark({
      geometry: { height: 2, rotation: 0, shape: "rectangle", width: 2, x: 1, y: 1 },
    });
    book.answered([ok(stored)], book.operations());
    expect(book.unsaved).toBe(0);
  });

  it("are not sent over and over where the server writes a shape in another way", () => {
    const book = new Book();
    book.add("a", wish());
    book.answered([ok(mark({ geometry: line(5.001) }))], book.operations());
    expect(book.unsaved).toBe(0);
    expect(book.wish("a")!.geometry).toEqual(line(5.001));
  });

  it("outlive the page, and a create that arrived after all is not sent again", () => {
    const before = new Book();
    before.add("a", wish());
    const after = new Book();
    after.recall(before.keep(), () => "new");
    expect(after.unsaved).toBe(1);
    after.learn([mark()]);
    expect(after.unsaved).toBe(0);
    expect(after.keep()).toBe("");
  });

  it("that were changed elsewhere meanwhile wait until the reader has chosen", () => {
    const begin = () => {
      const book = new Book();
      book.learn([mark()]);
      book.change("a", { note: "mine" });
      const current = mark({ version: 2, note: "theirs" });
      book.answered(
        [{ id: "a", status: 409, annotation: null, problem: { current } }],
        book.operations(),
      );
      expect(book.operations()).toEqual([]);
      expect(book.wish("a")!.note).toBe("mine"); // still there
      return book;
    };
    const mine = begin();
    mine.settle("a", "mine", "b");
    expect(mine.operations()).toEqual([{ op: "revise", id: "a", version: 2, note: "mine" }]);
    const theirs = begin();
    theirs.settle("a", "theirs", "b");
    expect(theirs.wish("a")!.note).toBe("theirs");
    expect(theirs.unsaved).toBe(0);
    const both = begin();
    both.settle("a", "both", "b");
    expect(both.operations()).toMatchObject([{ op: "create", id: "b", note: "mine" }]);
  });

  it("that the server refuses stay, say why, and are sent again once they are changed", () => {
    const book = new Book();
    book.add("a", wish());
    book.answered(
      [{ id: "a", status: 400, annotation: null, problem: { detail: "Too small." } }],
      book.operations(),
    );
    expect(book.refusal("a")).toBe("Too small.");
    expect(book.operations()).toEqual([]);
    book.change("a", { geometry: line(9) });
    expect(book.operations()).toHaveLength(1);
  });

  it("that two pages kept of one mark are both there, one of them as a mark of its own", () => {
    const pages = ["mine", "also mine"].map((note) => {
      const book = new Book();
      book.learn([mark()]);
      book.change("a", { note });
      return book.keep();
    });
    const after = new Book();
    for (const kept of [...pages, pages[0]!]) after.recall(kept, () => "b");
    after.learn([mark()]);
    expect(["a", "b"].map((id) => after.wish(id)?.note)).toEqual(["mine", "also mine"]);
    expect(after.operations()).toMatchObject([
      { op: "revise", id: "a", note: "mine" },
      { op: "create", id: "b", note: "also mine" },
    ]);
  });

  it("of others come and go with what the server has of their study", () => {
    const book = new Book();
    const theirs = (id: string, more = {}) => mark({ id, own: false, ...more });
    book.learn([theirs("one"), theirs("two"), theirs("deleted", { hidden: true })], "study");
    book.learn([theirs("before")], "prior");
    expect(book.others.map(({ id }) => id)).toEqual(["one", "two", "before"]);
    book.learn([theirs("two")], "study");
    expect(book.others.map(({ id }) => id)).toEqual(["two", "before"]);
  });

  it("of others are shown apart", () => {
    const book = new Book();
    book.learn([mark({ id: "o", own: false }), mark()]);
    expect(book.others.map(({ id }) => id)).toEqual(["o"]);
    expect(book.ids("i")).toEqual(["a"]);
    expect(wishOf(mark()).image).toBe("i");
  });
});
