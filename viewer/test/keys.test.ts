import { describe, expect, it } from "vitest";
import { Frames, outward } from "../src/frames";
import { bindings, type Command, keysOf, reserved, shownKey, strokeOf, takenBy } from "../src/keys";
import { dragged, limited, PRESETS } from "../src/window";

const press = (key: string, more = {}) =>
  strokeOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const command = (name: string, key: string): Command => ({
  name,
  title: name,
  group: "",
  key,
  run: () => {},
});

describe("keys", () => {
  it("have one name each, whatever it takes to type them", () => {
    expect(press("h")).toBe("H");
    expect(press("H", { shiftKey: true })).toBe("Shift+H");
    expect(press("?", { shiftKey: true })).toBe("?");
    expect(press("z", { metaKey: true })).toBe("Ctrl+Z");
    expect(press(" ")).toBe("Space");
    expect(press("Shift", { shiftKey: true })).toBe("");
  });

  it("are the reader's choice over the default, or none", () => {
    const commands = [command("invert", "I"), command("reset", "0")];
    const bound = bindings(commands, { invert: "U", reset: "" });
    expect(bound.get("U")?.name).toBe("invert");
    expect(bound.has("I") || bound.has("0")).toBe(false);
    expect(takenBy(commands, {}, "I", "reset")?.name).toBe("invert");
    expect(takenBy(commands, {}, "I", "invert")).toBeUndefined();
  });

  it("that a reader gave to a command are not taken by a default that came later", () => {
    const commands = [command("invert", "I"), command("probe", "Shift+V")];
    const choices = { invert: "Shift+V" };
    expect(bindings(commands, choices).get("Shift+V")?.name).toBe("invert");
    expect(keysOf(commands, choices).get("probe")).toBe("");
    expect(takenBy(commands, choices, "Shift+V", "probe")?.name).toBe("invert");
    expect(bindings(commands, { ...choices, probe: "I" }).get("I")?.name).toBe("probe");
    expect(bindings(commands, { gone: "I" }).get("I")?.name).toBe("invert");
  });

  it("of verdicts and of the page belong to no command, whatever was saved", () => {
    const commands = [command("invert", "I")];
    for (const key of ["A", "F", "R", "1", "2", "3", "Ctrl+Enter", "Tab"]) {
      expect(reserved(key)).toContain(key);
      expect(bindings(commands, { invert: key }).size).toBe(0);
    }
    expect(reserved("Shift+A")).toBe("");
  });

  it("of verdicts are the same for everybody", () => {
    const accept = { ...command("decide-accept", "A"), isFixed: true };
    expect(bindings([accept], { "decide-accept": "Q" }).get("A")?.name).toBe("decide-accept");
    expect(keysOf([accept], { "decide-accept": "Q" }).get("decide-accept")).toBe("A");
  });

  it("are shown as they are printed", () => {
    expect(["Shift+ArrowUp", "ArrowLeft", "H", ""].map(shownKey)).toEqual([
      "Shift+↑",
      "←",
      "H",
      "",
    ]);
  });
});

const facts = {
  rows: 2,
  columns: 2,
  bits: 8,
  samples: 1,
  photometric: "MONOCHROME2",
  minimum: 0,
  maximum: 200,
  window_center: 127.5,
  window_width: 255,
  windows: [],
  pixels: Uint8Array.from([0, 10, 100, 200]),
};

describe("windows", () => {
  it("are never narrower than one value", () => {
    expect(limited({ center: 5, width: -3 }, facts).width).toBe(1);
    for (const { of } of PRESETS)
      expect(of({ ...facts, maximum: 0 }).width).toBeGreaterThanOrEqual(1);
  });

  it("grow to the right, and get brighter upward", () => {
    const after = dragged({ center: 100, width: 100 }, 20, -20, facts);
    expect(after.width).toBe(110);
    expect(after.center).toBe(90);
  });
});

describe("frames", () => {
  const answer = () => {
    const headers = { "X-Frame": JSON.stringify(facts) };
    return new Response(new Uint8Array(4), { headers });
  };

  it("are fetched once, also when two ask at the same time", async () => {
    let asked = 0;
    const frames = new Frames(async () => {
      asked += 1;
      return answer();
    });
    const [one, other] = await Promise.all([frames.load("a"), frames.load("a")]);
    expect(one).toBe(other);
    await frames.load("a");
    expect(asked).toBe(1);
  });

  it("make room for newer ones, and come again after a failure", async () => {
    let fails = true;
    const frames = new Frames(async () => {
      if (fails) throw new Error("away");
      return answer();
    }, 8);
    await expect(frames.load("a")).rejects.toThrow("away");
    fails = false;
    for (const name of ["a", "b", "c"]) await frames.load(name);
    expect(["a", "b", "c"].map((name) => Boolean(frames.ready(name)))).toEqual([false, true, true]);
  });

  it("that came incomplete are refused", async () => {
    const frames = new Frames(
      async () =>
        new Response(new Uint8Array(3), { headers: { "X-Frame": JSON.stringify(facts) } }),
    );
    await expect(frames.load("a")).rejects.toThrow("incomplete");
  });

  it("are fetched ahead nearest first, in the direction of the way", () => {
    expect(outward(2, 6)).toEqual([3, 1, 4, 0, 5]);
    expect(outward(2, 6, -1)).toEqual([1, 3, 0, 4, 5]);
  });
});
