// What the reader likes: keys, and how the heatmap is shown. Stored on the server with the person.

import { read, send } from "./api";
import { COLOR_MAPS, type ColorMap, type HeatChoice } from "./heat";
import type { Choices } from "./keys";

const PAUSE = 1000; // milliseconds after the last change: a slider gives many

interface StoredPreferences {
  keys: Choices;
  settings: Record<string, string>;
}

export class Preferences {
  private timer = 0;

  private constructor(
    private readonly address: string,
    private readonly kept: StoredPreferences,
  ) {}

  /** As delivered where they cannot be read: no reason not to show images. */
  static async read(address: string): Promise<Preferences> {
    const none = (): StoredPreferences => ({ keys: {}, settings: {} });
    return new Preferences(address, await read<StoredPreferences>(address).catch(none));
  }

  get keys(): Choices {
    return this.kept.keys;
  }

  async saveKeys(keys: Choices): Promise<void> {
    this.kept.keys = keys;
    await this.save();
  }

  get heat(): Partial<HeatChoice> {
    const { colors, opacity, threshold } = this.kept.settings;
    return {
      ...percent("opacity", opacity),
      ...percent("threshold", threshold),
      ...(COLOR_MAPS.includes(colors as ColorMap) && { colors: colors as ColorMap }),
    };
  }

  /** Whether the heatmap is on is never kept: it is off at first, or as the clinic says. */
  rememberHeat({ colors, opacity, threshold }: HeatChoice, fault: (error: unknown) => void): void {
    const next = { colors, opacity: String(opacity), threshold: String(threshold) };
    Object.assign(this.kept.settings, next);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save().catch(fault), PAUSE);
  }

  get cineRate(): string | undefined {
    return this.kept.settings.cine_rate;
  }

  rememberCineRate(rate: number, fault: (error: unknown) => void): void {
    this.kept.settings.cine_rate = String(rate);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save().catch(fault), PAUSE);
  }

  private async save(): Promise<void> {
    await send(this.address, this.kept, { method: "PUT" });
  }
}

function percent(name: "opacity" | "threshold", text = ""): Partial<HeatChoice> {
  const value = Number(text);
  return text && value >= 0 && value <= 100 ? { [name]: value } : {};
}
