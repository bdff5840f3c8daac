// What the API answers (docs/openapi.yaml, docs/annotations.md), as far as the viewer reads it.

export type Point = readonly [number, number];

export interface Region {
  polygon: Point[];
  score: number;
  area_px: number;
  area_mm2: number | null;
}

export interface Analysis {
  id: string;
  status: string;
  label: string | null;
  probability: number | null;
  confidence: number | null;
  model_release: { name: string; version: string };
  heatmap_url: string | null;
  message: string | null;
  requested_at: string;
  regions?: Region[] | null;
}

export interface ImageInfo {
  id: string;
  number: number;
  filename: string;
  width: number;
  height: number;
  bits_stored: number;
  pixel_spacing: { row: number; column: number } | null;
  slice_position: number | null;
  frame_url: string;
  rendition_url: string;
  thumbnail_url: string;
  analyses: Analysis[];
}

export interface SeriesInfo {
  id: string;
  number: number;
  modality: string;
  description: string;
  images: ImageInfo[];
}

export interface OtherStudy {
  id: string;
  study_date: string;
  description: string;
  image_count: number;
  url: string;
}

export interface StudyInfo {
  id: string;
  study_date: string;
  description: string;
  ai_visible: boolean;
  heatmap_at_first: boolean;
  series: SeriesInfo[];
  other_studies: OtherStudy[];
}

export interface FrameFacts {
  rows: number;
  columns: number;
  bits: number;
  samples: number;
  photometric: string;
  minimum: number;
  maximum: number;
  window_center: number;
  window_width: number;
}

export interface Frame extends FrameFacts {
  pixels: Uint8Array | Uint16Array;
}

export type Geometry =
  | { shape: "rectangle"; x: number; y: number; width: number; height: number; rotation?: number }
  | { shape: "ellipse"; cx: number; cy: number; rx: number; ry: number; rotation?: number }
  | { shape: "polygon"; points: Point[] }
  | { shape: "freehand"; points: Point[]; closed?: boolean }
  | { shape: "arrow"; tail: Point; head: Point; text?: string }
  | { shape: "length"; start: Point; end: Point }
  | { shape: "bidirectional"; long: [Point, Point]; short: [Point, Point] };

export type Shape = Geometry["shape"];

/** As the server measured a saved shape; null where the shape has no such thing. */
export interface Measured {
  length: number | null;
  area: number | null;
  long_diameter: number | null;
  short_diameter: number | null;
}

export interface Annotation {
  id: string;
  image: string;
  author: { id: number; name: string };
  own: boolean;
  version: number;
  how: string;
  hidden: boolean;
  geometry: Geometry;
  label: string;
  note: string;
  from_analysis: string | null;
  measurements: { px: Measured; mm: Measured | null };
  changed_at: string;
}

export interface Version {
  version: number;
  how: string;
  restored_from: number | null;
  hidden: boolean;
  geometry: Geometry;
  label: string;
  note: string;
  made_at: string;
}
