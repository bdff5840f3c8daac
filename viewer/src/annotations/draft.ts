// One annotation as the reader wants it, and what has to be sent to the server for it.

import type { Annotation, Geometry } from "../types";

/** An annotation as the reader wants it: what is shown, and sent where the server has another. */
export interface AnnotationDraft {
  image: string;
  geometry: Geometry;
  label: string;
  note: string;
  hidden: boolean;
  from_analysis: string | null;
}

export interface Operation {
  op: "create" | "revise" | "hide" | "unhide";
  id: string;
  [member: string]: unknown;
}

export const CONTENT = ["geometry", "label", "note"] as const;
/** Whether two values say the same to the server. */
export const same = (one: unknown, other: unknown) => canonical(one) === canonical(other);

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

export function draftOf(annotation: Annotation): AnnotationDraft {
  const { image, geometry, label, note, hidden, from_analysis } = annotation;
  return { image, geometry, label, note, hidden, from_analysis };
}

/** The one operation that brings the server from what it has to the draft. */
export function operationOf(
  id: string,
  draft: AnnotationDraft,
  known: Annotation | null,
): Operation {
  const { geometry, label, note } = draft;
  if (!known) {
    const from = draft.from_analysis ? { from_analysis: draft.from_analysis } : {};
    return { op: "create", id, image: draft.image, geometry, label, note, ...from };
  }
  const changed = CONTENT.filter((name) => !same(draft[name], known[name]));
  if (!changed.length) return { op: draft.hidden ? "hide" : "unhide", id, version: known.version };
  const parts = Object.fromEntries(changed.map((name) => [name, draft[name]]));
  return { op: "revise", id, version: known.version, ...parts };
}
