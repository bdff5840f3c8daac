// The lines of the verdict's form: an AI result of one image, and what the reader says of it.
// The form is the server's; each line holds its fields, hidden, in the order of the images.

export type Decision = "accept" | "modify" | "reject";

const TAKEN_BACK = "none"; // as it is sent: the draft has an assessment that is none any more

export class Line {
  readonly image: string;
  readonly analysis: string;
  readonly number: number;
  private readonly fields: Record<"decision" | "reason" | "reason-text", HTMLInputElement>;

  constructor(readonly element: HTMLElement) {
    this.image = element.dataset.image!;
    this.analysis = element.dataset.line!;
    this.number = Number(element.dataset.number);
    const field = (name: string) => element.querySelector<HTMLInputElement>(`[data-${name}]`)!;
    this.fields = {
      decision: field("decision"),
      reason: field("reason"),
      "reason-text": field("reason-text"),
    };
    this.enable();
  }

  get decision(): Decision | "" {
    const { value } = this.fields.decision;
    return value === TAKEN_BACK ? "" : (value as Decision | "");
  }

  get reason(): string {
    return this.fields.reason.value;
  }

  get words(): string {
    return this.fields["reason-text"].value;
  }

  /** Whether the verdict cannot be signed like this. */
  get lacksReason(): boolean {
    if (this.decision !== "modify" && this.decision !== "reject") return false;
    return !this.reason || (this.reason === "other" && !this.words.trim());
  }

  /** "" takes the assessment back. */
  decide(decision: Decision | ""): void {
    this.fields.decision.value = decision || TAKEN_BACK;
    this.changed();
  }

  give(reason: string): void {
    this.fields.reason.value = reason;
    this.changed();
  }

  write(words: string): void {
    this.fields["reason-text"].value = words;
    this.changed();
  }

  /** The form saves itself when it hears of it. */
  private changed(): void {
    this.enable();
    this.fields.decision.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** What says nothing is not sent: a study may have thousands of fields. */
  private enable(): void {
    this.fields.decision.disabled = !this.fields.decision.value;
    const hasReason = this.decision === "modify" || this.decision === "reject";
    this.fields.reason.disabled = this.fields["reason-text"].disabled = !hasReason;
  }
}

/** Every line of the form that is there now; none where the reader has no form. */
export function linesOf(form: HTMLElement | null): Map<string, Line> {
  const found = form ? [...form.querySelectorAll<HTMLElement>("[data-line]")] : [];
  const lines = found.map((element) => new Line(element));
  return new Map(lines.map((line) => [line.image, line]));
}
