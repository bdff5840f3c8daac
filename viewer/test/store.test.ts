import { describe, expect, it } from "vitest";
import { type AnnotationDraft, draftOf } from "../src/annotations/draft";
import { AnnotationStore } from "../src/annotations/store";
import type { Annotation, Geometry } from "../src/types";

const line = (x: number): Geometry => ({ shape: "length", start: [0, 0], end: [x, 0] });
const draft = (x = 5): AnnotationDraft => ({
  image: "i",
  geometry: line(x),
  label: "",
  note: "",
  hidden: false,
  from_analysis: null,
});
const annotation = (more: Partial<Annotation> = {}): Annotation => ({
  id: "a",
  image: "i",
  study: "s",
  url: "/api/v1/annotations/a/",
  created_at: "2026-01-01T00:00:00Z",
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
    px: {
      length: 5.1,
      area: null,
      perimeter: null,
      width: null,
      height: null,
      long_axis: null,
      short_axis: null,
      long_diameter: null,
      short_diameter: null,
      angle: null,
    },
    mm: null,
    scale: null,
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

describe("the annotations of a reader", () => {
  it("are created once, then revised from the version that the server has", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    expect(store.operations()).toMatchObject([{ op: "create", id: "a", image: "i" }]);
    store.applyResults([ok(annotation())], store.operations());
    expect(store.unsaved).toBe(0);
    store.change("a", { note: "rim" });
    expect(store.operations()).toEqual([{ op: "revise", id: "a", version: 1, note: "rim" }]);
  });

  it("measure what the server says of them until their shape is changed", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    expect(store.measurements("a")).toBeNull();
    store.applyResults([ok(annotation())], store.operations());
    expect(store.measurements("a")?.px.length).toBe(5.1);
    store.change("a", { label: "rim" });
    expect(store.measurements("a")?.px.length).toBe(5.1);
    store.change("a", { geometry: line(9) });
    expect(store.measurements("a")).toBeNull();
  });

  it("are changed while a save is under way, and the change is sent after it", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    const sent = store.operations();
    store.change("a", { geometry: line(7) });
    store.applyResults([ok(annotation())], sent);
    expect(store.operations()).toEqual([{ op: "revise", id: "a", version: 1, geometry: line(7) }]);
  });

  it("go back and forth; taking back a drawing hides it", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    store.applyResults([ok(annotation())], store.operations());
    store.undo();
    expect(store.ids("i")).toEqual([]);
    expect(store.operations()).toEqual([{ op: "hide", id: "a", version: 1 }]);
    store.redo();
    expect(store.unsaved).toBe(0);
  });

  it("that were drawn and taken back before they were sent are not sent at all", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    store.undo();
    expect(store.operations()).toEqual([]);
  });

  it("differ from the server's only in what matters", () => {
    const store = new AnnotationStore();
    store.add("a", {
      ...draft(),
      geometry: { shape: "rectangle", x: 1, y: 1, width: 2, height: 2 },
    });
    const stored = annotation({
      geometry: { height: 2, rotation: 0, shape: "rectangle", width: 2, x: 1, y: 1 },
    });
    store.applyResults([ok(stored)], store.operations());
    expect(store.unsaved).toBe(0);
  });

  it("are not sent over and over where the server writes a shape in another way", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    store.applyResults([ok(annotation({ geometry: line(5.001) }))], store.operations());
    expect(store.unsaved).toBe(0);
    expect(store.draft("a")!.geometry).toEqual(line(5.001));
  });

  it("outlive the page, and a create that arrived after all is not sent again", () => {
    const before = new AnnotationStore();
    before.add("a", draft());
    const after = new AnnotationStore();
    after.recall(before.keep(), () => "new");
    expect(after.unsaved).toBe(1);
    after.learn([annotation()]);
    expect(after.unsaved).toBe(0);
    expect(after.keep()).toBe("");
  });

  it("that an earlier version of the viewer kept are there too", () => {
    const entry = { wish: draft(), known: null, conflict: null, refusal: "" };
    const store = new AnnotationStore();
    store.recall(JSON.stringify([["a", entry]]), () => "new");
    expect(store.draft("a")).toEqual(draft());
    expect(store.operations()).toMatchObject([{ op: "create", id: "a", image: "i" }]);
    expect(store.keep()).not.toContain("wish");
  });

  it("that were changed elsewhere meanwhile wait until the reader has chosen", () => {
    const begin = () => {
      const store = new AnnotationStore();
      store.learn([annotation()]);
      store.change("a", { note: "mine" });
      const current = annotation({ version: 2, note: "theirs" });
      store.applyResults(
        [{ id: "a", status: 409, annotation: null, problem: { current } }],
        store.operations(),
      );
      expect(store.operations()).toEqual([]);
      expect(store.draft("a")!.note).toBe("mine"); // still there
      return store;
    };
    const mine = begin();
    mine.settle("a", "mine", "b");
    expect(mine.operations()).toEqual([{ op: "revise", id: "a", version: 2, note: "mine" }]);
    const theirs = begin();
    theirs.settle("a", "theirs", "b");
    expect(theirs.draft("a")!.note).toBe("theirs");
    expect(theirs.unsaved).toBe(0);
    const both = begin();
    both.settle("a", "both", "b");
    expect(both.operations()).toMatchObject([{ op: "create", id: "b", note: "mine" }]);
  });

  it("that the server refuses stay, say why, and are sent again once they are changed", () => {
    const store = new AnnotationStore();
    store.add("a", draft());
    store.applyResults(
      [{ id: "a", status: 400, annotation: null, problem: { detail: "Too small." } }],
      store.operations(),
    );
    expect(store.refusal("a")).toBe("Too small.");
    expect(store.operations()).toEqual([]);
    store.change("a", { geometry: line(9) });
    expect(store.operations()).toHaveLength(1);
  });

  it("that two pages kept of one annotation are both there, one of them on its own", () => {
    const pages = ["mine", "also mine"].map((note) => {
      const store = new AnnotationStore();
      store.learn([annotation()]);
      store.change("a", { note });
      return store.keep();
    });
    const after = new AnnotationStore();
    for (const kept of [...pages, pages[0]!]) after.recall(kept, () => "b");
    after.learn([annotation()]);
    expect(["a", "b"].map((id) => after.draft(id)?.note)).toEqual(["mine", "also mine"]);
    expect(after.operations()).toMatchObject([
      { op: "revise", id: "a", note: "mine" },
      { op: "create", id: "b", note: "also mine" },
    ]);
  });

  it("of others come and go with what the server has of their study", () => {
    const store = new AnnotationStore();
    const theirs = (id: string, more = {}) => annotation({ id, own: false, ...more });
    store.learn([theirs("one"), theirs("two"), theirs("deleted", { hidden: true })], "study");
    store.learn([theirs("before")], "prior");
    expect(store.others.map(({ id }) => id)).toEqual(["one", "two", "before"]);
    store.learn([theirs("two")], "study");
    expect(store.others.map(({ id }) => id)).toEqual(["two", "before"]);
  });

  it("of others are shown apart", () => {
    const store = new AnnotationStore();
    store.learn([annotation({ id: "o", own: false }), annotation()]);
    expect(store.others.map(({ id }) => id)).toEqual(["o"]);
    expect(store.ids("i")).toEqual(["a"]);
    expect(draftOf(annotation()).image).toBe("i");
  });
});

describe("what was drawn for something else", () => {
  it("is no annotation, is not sent, and is no step to undo", () => {
    const store = new AnnotationStore();
    store.add("kept", draft(3));
    store.add("line", draft(9));
    store.forget("line");
    expect(store.ids("i")).toEqual(["kept"]);
    expect(store.operations().map(({ id }) => id)).toEqual(["kept"]);
    expect(store.undo()).toBe("kept");
    expect(store.undo()).toBeNull();
  });
});
