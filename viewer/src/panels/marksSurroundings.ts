// What the list of annotations and the parts below it have in common.

import type { MarkPencil } from "../drawing/pencil";
import type { Book } from "../marks/book";
import type { Stage } from "../stage";
import type { Annotation } from "../types";

export interface MarksSurroundings {
  stage: Stage;
  book: Book;
  pencil: MarkPencil;
  touched: () => void;
  colorOf: (mark: Annotation) => string;
  fault: (error: unknown) => void;
}
