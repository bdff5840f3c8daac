// Every number of a shape as a field: the way to place and correct it without a pointer.

import { framed, frameOf, type Point } from "../geometry";
import type { Geometry } from "../types";

export interface NumberField {
  name: string;
  value: number;
  with: (value: number) => Geometry;
}

const MOST_POINTS = 12; // of an outline; a longer one has the fields of the frame around it

export function fieldsOf(geometry: Geometry): NumberField[] {
  const of = <K extends string>(name: string, key: K, value: number) => ({
    name,
    value,
    with: (next: number) => ({ ...geometry, [key]: next }) as Geometry,
  });
  const point = (name: string, [x, y]: Point, put: (next: Point) => Geometry): NumberField[] => [
    { name: `${name} x`, value: x, with: (next) => put([next, y]) },
    { name: `${name} y`, value: y, with: (next) => put([x, next]) },
  ];
  switch (geometry.shape) {
    case "rectangle":
      return [
        of("Left", "x", geometry.x),
        of("Top", "y", geometry.y),
        of("Width", "width", geometry.width),
        of("Height", "height", geometry.height),
        of("Rotation, °", "rotation", geometry.rotation ?? 0),
      ];
    case "ellipse":
      return [
        of("Center x", "cx", geometry.cx),
        of("Center y", "cy", geometry.cy),
        of("Radius x", "rx", geometry.rx),
        of("Radius y", "ry", geometry.ry),
        of("Rotation, °", "rotation", geometry.rotation ?? 0),
      ];
    case "arrow":
      return [
        ...point("Tail", geometry.tail, (tail) => ({ ...geometry, tail })),
        ...point("Head", geometry.head, (head) => ({ ...geometry, head })),
      ];
    case "length":
      return [
        ...point("Start", geometry.start, (start) => ({ ...geometry, start })),
        ...point("End", geometry.end, (end) => ({ ...geometry, end })),
      ];
    case "bidirectional": {
      const { long, short } = geometry;
      return [
        ...point("Long start", long[0], (next) => ({ ...geometry, long: [next, long[1]] })),
        ...point("Long end", long[1], (next) => ({ ...geometry, long: [long[0], next] })),
        ...point("Short start", short[0], (next) => ({ ...geometry, short: [next, short[1]] })),
        ...point("Short end", short[1], (next) => ({ ...geometry, short: [short[0], next] })),
      ];
    }
    case "angle":
      return [
        ...point("Start", geometry.start, (start) => ({ ...geometry, start })),
        ...point("Vertex", geometry.vertex, (vertex) => ({ ...geometry, vertex })),
        ...point("End", geometry.end, (end) => ({ ...geometry, end })),
      ];
    default: {
      const { points } = geometry;
      if (points.length > MOST_POINTS) {
        const frame = frameOf(points);
        const side = (name: string, key: keyof typeof frame) => ({
          name,
          value: frame[key],
          with: (next: number) => framed(geometry, { ...frame, [key]: next }),
        });
        return [
          side("Left", "x"),
          side("Top", "y"),
          side("Width", "width"),
          side("Height", "height"),
        ];
      }
      return points.flatMap((one, n) =>
        point(`Point ${n + 1}`, one, (next) => ({
          ...geometry,
          points: points.map((other, m) => (m === n ? next : other)),
        })),
      );
    }
  }
}
