// The marks of a study as the reader wants them, beside what the server is known to have. What
// differs is unsaved. Pure but for the clock and the ids: everything here is tested without a browser.

import { wordsOf } from "../api";
import type { Annotation, Geometry } from "../types";

/** What a reader decides about a mark. */
export interface Wish {
  image: string;
  geometry: Geometry;
  label: string;
  note: string;
  hidden: boolean;
  from_analysis: string | null;
}

export interface Conflict {
  current: Annotation | null;
  sent: Wish;
}

interface Entry {
  wish: Wish;
  /** As the server last told; null where it knows nothing of it yet. */
  known: Annotation | null;
  conflict: Conflict | null;
  refusal: string;
  /** What the operation on its way says: where nothing changed since, the answer is taken over. */
  sent?: Wish;
}

interface Step {
  id: string;
  before: Wish | null; // null: there was no such mark
  after: Wish;
}

export interface Operation {
  op: "create" | "revise" | "hide" | "unhide";
  id: string;
  [member: string]: unknown;
}

export interface Result {
  id: string;
  status: number;
  annotation: Annotation | null;
  problem: null | { detail?: string; errors?: unknown; current?: Annotation | null };
}

const CONTENT = ["geometry", "label", "note"] as const;
const same = (one: unknown, other: unknown) => canonical(one) === canonical(other);

/** JSON with its names in order and defaults left out, so that equal content is equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part) => {
    if (key === "rotation" && part === 0) return undefined;
    if (key === "closed" && part === true) return undefined;
    if (key === "text" && part === "") return undefined;
    if (!part || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function wishOf(mark: Annotation): Wish {
  const { image, geometry, label, note, hidden, from_analysis } = mark;
  return { image, geometry, label, note, hidden, from_analysis };
}

export class Book {
  private readonly entries = new Map<string, Entry>();
  private readonly past: Step[] = [];
  private readonly future: Step[] = [];
  private readonly byStudy = new Map<string, Annotation[]>();

  /** Marks of other readers: looked at, never changed. */
  get others(): Annotation[] {
    return [...this.byStudy.values()].flat();
  }

  /** All that the server has of a study. Wishes that were kept from before stay, on top of it. */
  learn(marks: Annotation[], study = ""): void {
    const others = marks.filter((mark) => !mark.own && !mark.hidden);
    this.byStudy.set(study, others);
    for (const mark of marks.filter((one) => one.own)) {
      const entry = this.entries.get(mark.id);
      if (entry && this.isUnsaved(entry)) entry.known ??= mark;
      else
        this.entries.set(mark.id, { wish: wishOf(mark), known: mark, conflict: null, refusal: "" });
    }
  }

  ids(image: string): string[] {
    const found = [...this.entries].filter(([, { wish }]) => wish.image === image && !wish.hidden);
    return found.map(([id]) => id);
  }

  hiddenIds(image: string): string[] {
    const found = [...this.entries].filter(([, { wish }]) => wish.image === image && wish.hidden);
    return found.map(([id]) => id);
  }

  wish(id: string): Wish | null {
    return this.entries.get(id)?.wish ?? null;
  }

  known(id: string): Annotation | null {
    return this.entries.get(id)?.known ?? null;
  }

  /** What the server measured; null where the shape was changed since. */
  measurements(id: string): Annotation["measurements"] | null {
    const entry = this.entries.get(id);
    if (!entry) return this.others.find((mark) => mark.id === id)?.measurements ?? null;
    const { known, wish } = entry;
    if (!known) return null;
    const isAsSaved = wish.geometry === known.geometry || same(wish.geometry, known.geometry);
    return isAsSaved ? known.measurements : null;
  }

  conflict(id: string): Conflict | null {
    return this.entries.get(id)?.conflict ?? null;
  }

  refusal(id: string): string {
    return this.entries.get(id)?.refusal ?? "";
  }

  conflicts(): string[] {
    return [...this.entries].filter(([, entry]) => entry.conflict).map(([id]) => id);
  }

  // --- What the reader does ----------------------------------------------------------------------

  /** A new mark; `analysis` is whose suspected region it was, if it was one. */
  draw(id: string, image: string, geometry: Geometry, analysis: string | null = null): void {
    this.add(id, {
      image,
      geometry,
      label: "",
      note: "",
      hidden: false,
      from_analysis: analysis,
    });
  }

  add(id: string, wish: Wish): void {
    this.past.push({ id, before: null, after: wish });
    this.future.length = 0;
    this.put(id, wish);
  }

  change(id: string, part: Partial<Wish>): void {
    const before = this.wish(id);
    if (!before) return;
    const after = { ...before, ...part };
    if (same(before, after)) return;
    this.past.push({ id, before, after });
    this.future.length = 0;
    this.put(id, after);
  }

  /** As the hand moves: shown, but no step of its own until `change` ends it. */
  preview(id: string, geometry: Geometry): void {
    const entry = this.entries.get(id);
    if (entry) entry.wish = { ...entry.wish, geometry };
  }

  undo(): string | null {
    const step = this.past.pop();
    if (!step) return null;
    this.future.push(step);
    this.put(step.id, step.before ?? { ...step.after, hidden: true });
    return step.id;
  }

  redo(): string | null {
    const step = this.future.pop();
    if (!step) return null;
    this.past.push(step);
    this.put(step.id, step.after);
    return step.id;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  private put(id: string, wish: Wish): void {
    const entry = this.entries.get(id);
    if (entry) Object.assign(entry, { wish, refusal: "" });
    else this.entries.set(id, { wish, known: null, conflict: null, refusal: "" });
  }

  // --- What the server must still be told --------------------------------------------------------

  private isUnsaved({ wish, known }: Entry): boolean {
    if (!known) return !wish.hidden; // drawn and taken back before it was ever sent: nothing to say
    return wish.hidden !== known.hidden || CONTENT.some((name) => !same(wish[name], known[name]));
  }

  get unsaved(): number {
    return [...this.entries.values()].filter((entry) => this.isUnsaved(entry)).length;
  }

  /** One operation a mark, at most: what follows is sent once its answer is here. */
  operations(): Operation[] {
    const wanted: Operation[] = [];
    for (const [id, entry] of this.entries) {
      if (!this.isUnsaved(entry) || entry.conflict || entry.refusal) continue;
      entry.sent = entry.wish;
      wanted.push(operationOf(id, entry.wish, entry.known));
    }
    return wanted.slice(0, 100);
  }

  answered(results: Result[], sent: Operation[]): void {
    results.forEach((result, n) => {
      const entry = this.entries.get(sent[n]?.id ?? result.id);
      if (!entry) return;
      if (result.annotation) {
        const { geometry, label, note } = result.annotation;
        entry.known = result.annotation;
        entry.refusal = "";
        // The server may write a shape in another way (rounded, without a doubled point).
        if (entry.wish === entry.sent) entry.wish = { ...entry.wish, geometry, label, note };
      } else if (result.status === 409) {
        entry.conflict = { current: result.problem?.current ?? null, sent: entry.wish };
      } else {
        entry.refusal = wordsOf(result.problem ?? {}) ?? "The server did not take this annotation.";
      }
    });
  }

  /** The reader chose between two versions of a mark. `newId` is for keeping both. */
  settle(id: string, choice: "mine" | "theirs" | "both", newId: string): void {
    const entry = this.entries.get(id);
    const conflict = entry?.conflict;
    if (!entry || !conflict) return;
    entry.conflict = null;
    const mine = entry.wish;
    if (!conflict.current) {
      this.entries.delete(id); // the id is taken by something that is not ours
      if (choice !== "theirs") this.add(newId, mine);
      return;
    }
    entry.known = conflict.current;
    if (choice === "mine") return;
    entry.wish = wishOf(conflict.current);
    if (choice === "both") this.add(newId, { ...mine, hidden: false });
  }

  /** The answer to a restore, which the server makes. */
  restored(mark: Annotation): void {
    const before = this.wish(mark.id);
    const after = wishOf(mark);
    this.entries.set(mark.id, { wish: after, known: mark, conflict: null, refusal: "" });
    if (before) this.past.push({ id: mark.id, before, after });
    this.future.length = 0;
  }

  // --- Kept in the browser while the server does not have it --------------------------------------

  keep(): string {
    const kept = [...this.entries].filter(([, entry]) => this.isUnsaved(entry) || entry.conflict);
    return kept.length ? JSON.stringify(kept) : "";
  }

  /** What another page kept of the same mark, and differs, becomes a mark of its own: `newId`. */
  recall(text: string, newId: () => string): void {
    for (const [id, entry] of JSON.parse(text) as [string, Entry][]) {
      const here = this.entries.get(id);
      if (!here) this.entries.set(id, entry);
      else if (!same(here.wish, entry.wish) && !entry.wish.hidden) this.put(newId(), entry.wish);
    }
  }
}

function operationOf(id: string, wish: Wish, known: Annotation | null): Operation {
  const { geometry, label, note } = wish;
  if (!known) {
    const from = wish.from_analysis ? { from_analysis: wish.from_analysis } : {};
    return { op: "create", id, image: wish.image, geometry, label, note, ...from };
  }
  const changed = CONTENT.filter((name) => !same(wish[name], known[name]));
  if (!changed.length) return { op: wish.hidden ? "hide" : "unhide", id, version: known.version };
  const parts = Object.fromEntries(changed.map((name) => [name, wish[name]]));
  return { op: "revise", id, version: known.version, ...parts };
}
