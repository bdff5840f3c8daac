// The annotations of a study: as the reader wants them, beside what the server is known to have. What
// differs is unsaved. Pure but for the clock and the ids: everything here is tested without a browser.

import { textOf } from "../api";
import type { Annotation, Geometry } from "../types";
import { type AnnotationDraft, CONTENT, draftOf, type Operation, operationOf, same } from "./draft";

export interface Conflict {
  current: Annotation | null;
  sent: AnnotationDraft;
}

interface Entry {
  draft: AnnotationDraft;
  /** As the server last sent it; null where it knows nothing of it yet. */
  known: Annotation | null;
  conflict: Conflict | null;
  refusal: string;
  /** What the operation on its way says: where nothing changed since, the response is taken over. */
  sent?: AnnotationDraft;
}

/** As browsers kept it before the draft had this name. */
type OldEntry = Omit<Entry, "draft"> & { wish: AnnotationDraft };

interface Step {
  id: string;
  before: AnnotationDraft | null; // null: there was no such annotation
  after: AnnotationDraft;
}

export interface Result {
  id: string;
  status: number;
  annotation: Annotation | null;
  problem: null | { detail?: string; errors?: unknown; current?: Annotation | null };
}

export class AnnotationStore {
  private readonly entries = new Map<string, Entry>();
  private readonly past: Step[] = [];
  private readonly future: Step[] = [];
  private readonly byStudy = new Map<string, Annotation[]>();

  /** Annotations of other readers: looked at, never changed. */
  get others(): Annotation[] {
    return [...this.byStudy.values()].flat();
  }

  /** All that the server has of a study. Drafts that were kept from before stay, on top of it. */
  learn(annotations: Annotation[], study = ""): void {
    const others = annotations.filter((annotation) => !annotation.own && !annotation.hidden);
    this.byStudy.set(study, others);
    for (const annotation of annotations.filter((one) => one.own)) {
      const entry = this.entries.get(annotation.id);
      if (entry && this.isUnsaved(entry)) entry.known ??= annotation;
      else
        this.entries.set(annotation.id, {
          draft: draftOf(annotation),
          known: annotation,
          conflict: null,
          refusal: "",
        });
    }
  }

  ids(image: string): string[] {
    const found = [...this.entries].filter(
      ([, { draft }]) => draft.image === image && !draft.hidden,
    );
    return found.map(([id]) => id);
  }

  /** Whether anybody's annotation lies on it. */
  isAnnotated(image: string): boolean {
    return this.ids(image).length > 0 || this.others.some((one) => one.image === image);
  }

  hiddenIds(image: string): string[] {
    const found = [...this.entries].filter(
      ([, { draft }]) => draft.image === image && draft.hidden,
    );
    return found.map(([id]) => id);
  }

  draft(id: string): AnnotationDraft | null {
    return this.entries.get(id)?.draft ?? null;
  }

  known(id: string): Annotation | null {
    return this.entries.get(id)?.known ?? null;
  }

  /** What the server measured; null where the shape was changed since. */
  measurements(id: string): Annotation["measurements"] | null {
    const entry = this.entries.get(id);
    if (!entry) return this.others.find((annotation) => annotation.id === id)?.measurements ?? null;
    const { known, draft } = entry;
    if (!known) return null;
    const isAsSaved = draft.geometry === known.geometry || same(draft.geometry, known.geometry);
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

  /** A new annotation; `analysis` is whose suspected region it was, if it was one. */
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

  add(id: string, draft: AnnotationDraft): void {
    this.past.push({ id, before: null, after: draft });
    this.future.length = 0;
    this.put(id, draft);
  }

  change(id: string, part: Partial<AnnotationDraft>): void {
    const before = this.draft(id);
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
    if (entry) entry.draft = { ...entry.draft, geometry };
  }

  /** Drawn for something else: no annotation, and no step to undo. Nothing of it was sent yet. */
  forget(id: string): void {
    if (this.entries.get(id)?.known) return;
    this.entries.delete(id);
    for (let at = this.past.length - 1; at >= 0; at--) {
      if (this.past[at]!.id === id) this.past.splice(at, 1);
    }
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

  private put(id: string, draft: AnnotationDraft): void {
    const entry = this.entries.get(id);
    if (entry) Object.assign(entry, { draft, refusal: "" });
    else this.entries.set(id, { draft, known: null, conflict: null, refusal: "" });
  }

  // --- What the server does not have yet ---------------------------------------------------------

  private isUnsaved({ draft, known }: Entry): boolean {
    if (!known) return !draft.hidden; // drawn and taken back before it was ever sent: nothing to say
    return draft.hidden !== known.hidden || CONTENT.some((name) => !same(draft[name], known[name]));
  }

  get unsaved(): number {
    return [...this.entries.values()].filter((entry) => this.isUnsaved(entry)).length;
  }

  /** One operation an annotation, at most: what follows is sent once its response is here. */
  operations(): Operation[] {
    const wanted: Operation[] = [];
    for (const [id, entry] of this.entries) {
      if (!this.isUnsaved(entry) || entry.conflict || entry.refusal) continue;
      entry.sent = entry.draft;
      wanted.push(operationOf(id, entry.draft, entry.known));
    }
    return wanted.slice(0, 100);
  }

  applyResults(results: Result[], sent: Operation[]): void {
    results.forEach((result, n) => {
      const entry = this.entries.get(sent[n]?.id ?? result.id);
      if (!entry) return;
      if (result.annotation) {
        const { geometry, label, note } = result.annotation;
        entry.known = result.annotation;
        entry.refusal = "";
        // The server may write a shape in another way (rounded, without a doubled point).
        if (entry.draft === entry.sent) entry.draft = { ...entry.draft, geometry, label, note };
      } else if (result.status === 409) {
        entry.conflict = { current: result.problem?.current ?? null, sent: entry.draft };
      } else {
        entry.refusal = textOf(result.problem ?? {}) ?? "The server did not take this annotation.";
      }
    });
  }

  /** The reader chose between two versions of an annotation. `newId` is for keeping both. */
  settle(id: string, choice: "mine" | "theirs" | "both", newId: string): void {
    const entry = this.entries.get(id);
    const conflict = entry?.conflict;
    if (!entry || !conflict) return;
    entry.conflict = null;
    const mine = entry.draft;
    if (!conflict.current) {
      this.entries.delete(id); // the id is taken by something that is not ours
      if (choice !== "theirs") this.add(newId, mine);
      return;
    }
    entry.known = conflict.current;
    if (choice === "mine") return;
    entry.draft = draftOf(conflict.current);
    if (choice === "both") this.add(newId, { ...mine, hidden: false });
  }

  /** The response to a restore, which the server makes. */
  restored(annotation: Annotation): void {
    const before = this.draft(annotation.id);
    const after = draftOf(annotation);
    this.entries.set(annotation.id, {
      draft: after,
      known: annotation,
      conflict: null,
      refusal: "",
    });
    if (before) this.past.push({ id: annotation.id, before, after });
    this.future.length = 0;
  }

  // --- Kept in the browser while the server does not have it --------------------------------------

  keep(): string {
    const kept = [...this.entries].filter(([, entry]) => this.isUnsaved(entry) || entry.conflict);
    return kept.length ? JSON.stringify(kept) : "";
  }

  /** What another page kept of an annotation, and differs, becomes one of its own: `newId`. */
  recall(text: string, newId: () => string): void {
    for (const [id, kept] of JSON.parse(text) as [string, Entry | OldEntry][]) {
      const entry = entryOf(kept);
      const here = this.entries.get(id);
      if (!here) this.entries.set(id, entry);
      else if (!same(here.draft, entry.draft) && !entry.draft.hidden)
        this.put(newId(), entry.draft);
    }
  }
}

function entryOf(kept: Entry | OldEntry): Entry {
  if ("draft" in kept) return kept;
  const { wish, ...entry } = kept;
  return { ...entry, draft: wish };
}
