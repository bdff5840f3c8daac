// What the reader had on the screen beside the study being read is recorded, so that its report can say so.

import { addressOf, Refused, send } from "./api";
import { tellReport } from "./framing";
import type { Viewport } from "./viewport";

export class Comparisons {
  private readonly recorded = new Set<string>();

  constructor(
    private readonly study: string,
    private readonly fault: (error: unknown) => void,
  ) {}

  /** A viewport has drawn: of another study this is recorded once; what was never drawn, was not seen. */
  drawn({ onScreen, stack }: Viewport): void {
    const other = onScreen && stack?.study.info.id;
    if (!other || other === this.study || this.recorded.has(other)) return;
    this.recorded.add(other);
    this.record(other).catch((error) => {
      if (!(error instanceof Refused)) this.recorded.delete(other); // with the next image once more
      this.fault(error);
    });
  }

  private async record(other: string): Promise<void> {
    const body = { other };
    await send(addressOf(`studies/${this.study}/comparisons/`), body);
    tellReport("study-compared", body);
  }
}
