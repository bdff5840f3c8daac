import { describe, expect, it } from "vitest";
import type { Frame } from "../src/frames";
import { measuresOf, shown } from "../src/measure";
import { coveredBy, scaleNote, scaleOf } from "../src/spacing";
import type { Stack } from "../src/studies";
import { rateOf } from "../src/tools/cineRate";
import { placesOf, priorsOf } from "../src/tools/hanging";
import { probeText } from "../src/tools/probe";
import type { SpacingCalibration, ViewerImage, ViewerStudy } from "../src/types";

const calibration = {
  id: "c",
  image: "1",
  mm_per_pixel: 0.5,
  covers_series: true,
} as SpacingCalibration;
const image = (id: string, more: Partial<ViewerImage> = {}) =>
  ({ id, width: 100, height: 80, pixel_spacing: null, calibration: null, ...more }) as ViewerImage;

describe("a manual calibration", () => {
  it("is what is measured with where the file states nothing, and says so", () => {
    const line = { shape: "length" as const, start: [0, 0] as const, end: [40, 0] as const };
    const text = (one: ViewerImage) => measuresOf(line, scaleOf(one)).map(shown)[0];
    expect(text(image("1"))).toBe("Length 40.0 px");
    expect(text(image("1", { calibration }))).toBe("Length 20.0 mm (manual)");
    expect(scaleNote(image("1", { calibration }))).toContain("manual calibration: 0.500 mm/px");
    const stated = image("1", { calibration, pixel_spacing: { row: 1, column: 1 } });
    expect(text(stated)).toBe("Length 40.0 mm");
    expect(scaleNote(stated)).toBe("");
  });

  it("covers its image, and for the series those of the same size", () => {
    const images = [image("1"), image("2"), image("3", { width: 99 })];
    const ids = (one: SpacingCalibration) => coveredBy(one, { images }).map(({ id }) => id);
    expect(ids(calibration)).toEqual(["1", "2"]);
    expect(ids({ ...calibration, covers_series: false })).toEqual(["1"]);
    expect(ids({ ...calibration, image: "elsewhere" })).toEqual([]);
  });
});

describe("small tools", () => {
  it("probe the values of the file", () => {
    const gray = { columns: 3, samples: 1, pixels: Uint16Array.of(1, 2, 3, 4, 5, 700) };
    expect(probeText(gray as unknown as Frame, [2, 1])).toBe("x 2, y 1: 700");
    const color = { columns: 1, samples: 3, pixels: Uint8Array.of(1, 2, 3, 9, 8, 7) };
    expect(probeText(color as unknown as Frame, [0, 1])).toBe("x 0, y 1: 9, 8, 7");
  });

  it("run at 1 to 60 frames per second", () => {
    expect(["1", "12.5", "60"].map(rateOf)).toEqual([1, 12.5, 60]);
    expect([undefined, "", "0", "61", "fast"].map(rateOf)).toEqual([null, null, null, null, null]);
  });
});

describe("a hanging protocol", () => {
  const stack = (name: string) => ({ name }) as Stack;
  const [a, b, c] = [stack("a"), stack("b"), stack("c")];
  const [p, q, r] = [stack("p"), stack("q"), stack("r")];
  const names = (...given: Parameters<typeof placesOf>) =>
    placesOf(...given)
      .map(({ name }) => name)
      .join("");

  it("puts the shown series first, and fewer where there are fewer", () => {
    const current = [a, b, c];
    expect(names("one", current, b, [])).toBe("b");
    expect(names("two_series", current, b, [])).toBe("ba");
    expect(names("four_series", current, a, [])).toBe("abc");
    expect(names("prior", current, a, [[p, q]])).toBe("ap");
    expect(names("two_priors", current, a, [[p, q], [r]])).toBe("apr");
    expect(names("series_and_prior", current, a, [[p, q]])).toBe("abpq");
    expect(names("prior", current, a, [])).toBe("a");
  });

  it("fills places by sequence and plane, each series once", () => {
    const series = (name: string, sequence: string, plane = "axial") =>
      ({ name, sequence, plane }) as Stack;
    const current = [series("f", "FLAIR"), series("s", "T1c", "sagittal"), series("x", "T1c")];
    const prior = [series("g", "FLAIR"), series("y", "T1c")];
    const place = (sequence: string, study = "current", plane = "") =>
      ({ study, sequence, plane }) as never;
    const by = (shown: Stack, ...places: never[]) =>
      names("by_series", current, shown, [prior], places);
    expect(by(current[0]!, place("T1c"), place("FLAIR"), place("T1c", "prior"))).toBe("sfy");
    expect(by(current[0]!, place("T1c", "current", "axial"), place(""))).toBe("xf");
    expect(by(current[1]!, place("FLAIR"), place("DWI", "prior"))).toBe("fs"); // what was opened stays
  });

  it("takes the newest studies that are not later for priors", () => {
    const other = (id: string, study_date: string, image_count = 1) => ({
      ...{ id, study_date, image_count, description: "", url: "" },
    });
    const info = {
      study_date: "2026-05-05",
      other_studies: [
        other("later", "2026-06-01"),
        other("same-day", "2026-05-05"),
        other("empty", "2026-04-01", 0),
        other("older", "2026-01-01"),
      ],
    } as unknown as ViewerStudy;
    expect(priorsOf(info, 2).map(({ id }) => id)).toEqual(["same-day", "older"]);
    expect(priorsOf(info, 1).map(({ id }) => id)).toEqual(["same-day"]);
  });
});
