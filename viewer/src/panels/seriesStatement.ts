// What the AI states of the whole series on the screen, and the slices that carry it.

import { find } from "../dom";
import { button } from "../signal";
import { coverageOf, runsOf, seriesOpinionOf, stampOf, statementOf } from "../studies";
import type { SeriesStatement } from "../types";
import type { ViewportGrid } from "../viewportGrid";

export class SeriesStatementPanel {
  private shown = "";

  constructor(
    private readonly grid: ViewportGrid,
    private readonly open: (image: string) => void,
  ) {}

  show(): void {
    const { stack } = this.grid.active;
    const statement = stack ? statementOf(stack) : null;
    find("[data-series]").hidden = !statement;
    const state = statement ? stampOf(statement) : "";
    if (!statement || state === this.shown) return;
    this.shown = state;
    const { name, version } = statement.model_release;
    find("[data-series-opinion]").textContent = seriesOpinionOf(statement);
    find("[data-series-facts]").textContent =
      `${coverageOf(statement)}, by ${name} ${version}. ${statement.disclaimer}.`;
    find("[data-series-operating]").textContent = statement.operating_point;
    find("[data-series-operating]").hidden = !statement.label;
    find("[data-series-reason]").textContent = statement.message ?? "";
    find("[data-series-reason]").hidden = !statement.message;
    this.showCarrying(statement);
  }

  private showCarrying({ carrying, label }: SeriesStatement): void {
    const row = find("[data-carrying]");
    row.hidden = carrying.length === 0;
    const [head, role] =
      label === "tumor"
        ? ["Carried by", "which carries what the AI states of the series"]
        : ["Most suspicious", "the most suspicious of the series"];
    const buttons = runsOf(carrying).map(({ words, first }) => {
      const run = words === String(first.number) ? "" : `, the first of ${words}`;
      return button(words, () => this.open(first.image), {
        "aria-label": `Show image ${first.number}${run}, ${role}`,
      });
    });
    row.replaceChildren(`${head}: image${carrying.length > 1 ? "s" : ""} `, ...buttons);
  }
}
