// How thick the planes are that are cut through a series, and what of the slab is shown.

import { find } from "../dom";
import type { Slab } from "../planes/cutting";
import type { Planes } from "../planes/planes";

const [LEAST, MOST] = [1, 100]; // millimeters

export class SlabPanel {
  private readonly element = find("[data-slab]");
  private readonly join = find<HTMLSelectElement>("[data-slab-join]");
  private readonly thickness = find<HTMLInputElement>("[data-slab-thickness]");

  constructor(private readonly planes: Planes) {
    for (const one of [this.join, this.thickness])
      one.addEventListener("change", () => this.choose());
    this.show();
  }

  private choose(): void {
    const typed = this.thickness.valueAsNumber;
    const thickness = Number.isFinite(typed)
      ? Math.min(MOST, Math.max(LEAST, typed))
      : this.planes.slab.thickness;
    this.planes.useSlab({ join: this.join.value as Slab["join"], thickness });
    this.show();
  }

  show(): void {
    this.element.hidden = !this.planes.on;
    this.join.value = this.planes.slab.join;
    this.thickness.value = String(this.planes.slab.thickness);
  }
}
