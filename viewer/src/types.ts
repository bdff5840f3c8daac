// What the API returns. Written from docs/openapi.yaml by: manage.py write_viewer_types

export type AbstainReasonEnum =
  | "too_small"
  | "unreadable_contrast"
  | "no_head"
  | "not_brain_mri"
  | "unfamiliar";

export interface Analysis {
  id: string;
  image: string;
  study: string;
  patient: string;
  status: AnalysisStatusEnum;
  /** Null until completed. */
  label: LabelEnum | null;
  /** Calibrated probability of a tumor, 0 to 1. */
  probability: number | null;
  /** Calibrated probability of the label, 0 to 1. */
  confidence: number | null;
  threshold: number | null;
  model_release: ReleaseReference;
  engine: string | null;
  attempts: number;
  /** Why it failed, for a person. */
  error: string | null;
  /**
   * Why the model gave no opinion, as a code. Null unless abstained. A newer model release may give
   * codes that are not listed here.
   */
  abstain_reason: AbstainReasonEnum | null;
  /** Why it failed or the model gave no opinion, for a person. */
  message: string | null;
  timings: Timings;
  worker_host: string | null;
  heatmap_peak: Point | null;
  /**
   * Suspected regions, the highest score first. Null unless completed, and where the release does
   * not look for any.
   */
  regions: Region[] | null;
  /**
   * Out-of-distribution score: the distance from the training images; from 1 on the model gives no
   * opinion. The field has its old name, for the clients that read it. Null until there is a
   * result, where the image was refused before the model saw it (a color photograph, a blank
   * image), and where the release does not measure it.
   */
  distance: number | null;
  /** PNG. Null unless completed. */
  overlay_url: string | null;
  /** PNG. Null unless completed. */
  heatmap_url: string | null;
  requested_at: string;
  /** When it last joined the queue. */
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  url: string;
  disclaimer: string;
  /**
   * True while the clinic reads first and you have not committed a finding: there is a result, and
   * every field that reveals it is null. The status is then `completed`, for an abstention as well.
   */
  withheld: boolean;
}

export type AnalysisStatusEnum =
  | "queued"
  | "running"
  | "completed"
  | "abstained"
  | "failed"
  | "cancelled";

/** An annotation with its newest version. */
export interface Annotation {
  id: string;
  image: string;
  study: string;
  author: Author;
  /** Whether it is in the asker's own layer. */
  own: boolean;
  /** The number of the newest version. */
  version: number;
  /** The origin of the version: what made it. The member keeps its first name, `how`. */
  how: HowEnum;
  hidden: boolean;
  geometry: Geometry;
  label: string;
  note: string;
  measurements: Measurements;
  /** The analysis whose suspected region the reader turned into this annotation. */
  from_analysis: string | null;
  created_at: string;
  changed_at: string;
  url: string;
}

export interface AnnotationVersion {
  version: number;
  /** The origin of the version: what made it. The member keeps its first name, `how`. */
  how: HowEnum;
  restored_from: number | null;
  hidden: boolean;
  geometry: Geometry;
  label: string;
  note: string;
  measurements: Measurements;
  made_at: string;
}

export interface Arrow {
  shape: ArrowShapeEnum;
  tail: readonly [number, number];
  head: readonly [number, number];
  text?: string;
}

export type ArrowShapeEnum = "arrow";

export interface Author {
  id: number;
  name: string;
}

export interface Bidirectional {
  shape: BidirectionalShapeEnum;
  long: readonly [readonly [number, number], readonly [number, number]];
  short: readonly [readonly [number, number], readonly [number, number]];
}

export type BidirectionalShapeEnum = "bidirectional";

/** A slice that carries the statement. */
export interface CarryingSlice {
  image: string;
  /** Of the image in its series. */
  number: number;
}

export interface Ellipse {
  shape: EllipseShapeEnum;
  cx: number;
  cy: number;
  rx: number;
  ry: number;
  rotation?: number;
}

export type EllipseShapeEnum = "ellipse";

/** How to read the pixels of a frame: the JSON in the header `X-Frame`. */
export interface FrameHeader {
  rows: number;
  columns: number;
  /** Of a value: 8 or 16. */
  bits: number;
  /** Values a pixel: 1 of gray, 3 of color. */
  samples: number;
  /** `MONOCHROME2` or `RGB`, as DICOM says it. */
  photometric: string;
  /** The lowest value of the frame. */
  minimum: number;
  /** The highest value of the frame. */
  maximum: number;
  /** Of the first window, in pixel values. */
  window_center: number;
  /** Of the first window, in pixel values. */
  window_width: number;
}

export interface Freehand {
  shape: FreehandShapeEnum;
  points: (readonly [number, number])[];
  closed?: boolean;
}

export type FreehandShapeEnum = "freehand";

export type Geometry = Rectangle | Ellipse | Polygon | Freehand | Arrow | Length | Bidirectional;

export type HowEnum = "drawn" | "imported" | "revised" | "hidden" | "unhidden" | "restored";

export type LabelEnum = "tumor" | "no_tumor";

export interface Length {
  shape: LengthShapeEnum;
  start: readonly [number, number];
  end: readonly [number, number];
}

export type LengthShapeEnum = "length";

/** In px and px², or in mm and mm²; null where the shape has no such thing. */
export interface Measured {
  length: number | null;
  area: number | null;
  perimeter: number | null;
  long_diameter: number | null;
  short_diameter: number | null;
}

/** `mm` is null unless the image says how large its pixels are. */
export interface Measurements {
  px: Measured;
  mm: Measured | null;
}

/** Another study of the same patient, to open beside this one. */
export interface OtherStudy {
  id: string;
  study_date: string;
  description: string;
  image_count: number;
  url: string;
}

/** Millimeters between the centers of neighboring rows, and of columns. */
export interface PixelSpacing {
  row: number;
  column: number;
}

/** A pixel of the image, counted from its upper left corner. */
export interface Point {
  x: number;
  y: number;
}

export interface Polygon {
  shape: PolygonShapeEnum;
  points: (readonly [number, number])[];
}

export type PolygonShapeEnum = "polygon";

export interface Rectangle {
  shape: RectangleShapeEnum;
  /** Of the upper left corner, before the rotation. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Degrees, clockwise on the screen, about the center. */
  rotation?: number;
}

export type RectangleShapeEnum = "rectangle";

/** A suspected region: outlined by the release's lesion decoder; not a finding. */
export interface Region {
  /**
   * Corners as [x, y] in pixels of the image, counted from its upper left corner; the border's
   * pixels belong to the region.
   */
  polygon: (readonly [number, number])[];
  /** The decoder's own, 0 to 1. It orders regions; it is not a probability. */
  score: number;
  /** Pixels of the image. */
  area_px: number;
  /** Null where the size of a pixel is not known. */
  area_mm2: number | null;
}

/** What names a release beside each number it computed. */
export interface ReleaseReference {
  id: string;
  name: string;
  version: string;
  sha256: string;
}

/** What the rule of one release states of a whole series: a probability, or no opinion. */
export interface SeriesStatement {
  id: string;
  series: string;
  model_release: ReleaseReference;
  /** Name and version of the rule. */
  rule: string;
  /** Null where there is no opinion. */
  label: LabelEnum | null;
  /** That the series shows a tumor, 0 to 1. */
  probability: number | null;
  threshold: number | null;
  /** The slices that speak most for a tumor, whatever the label; empty without an opinion. */
  carrying: CarryingSlice[];
  /**
   * Why there is no opinion, as a code: for example `sequence_unknown` or `too_few_slices`. A newer
   * model release may give others.
   */
  reason: string | null;
  /** The same for a person, with what can be done. */
  message: string | null;
  /** Images of the series. */
  slices: number;
  /**
   * Of these, how many this release has finished: with a result or without an opinion, blank slices
   * included; failed and cancelled ones are not.
   */
  analyzed: number;
  /**
   * Slices of the head without a result, for which nothing is to come: no opinion, failed,
   * cancelled or never asked of this release. Blank slices above and below the head are not
   * counted.
   */
  abstained: number;
  /** Whether no analysis by this release is still to come; before that the statement may change. */
  is_final: boolean;
  updated_at: string;
  disclaimer: string;
}

/** Milliseconds of work, without the time in the queue. */
export interface Timings {
  decode_ms: number | null;
  model_ms: number | null;
  render_ms: number | null;
}

/** One image; `analyses` is empty where the reader may not see the AI results. */
export interface ViewerImage {
  id: string;
  number: number;
  /** As the client named it; never a path. */
  filename: string;
  /** Pixels, orientation applied. */
  width: number;
  /** Pixels, orientation applied. */
  height: number;
  bits_stored: number;
  /** Null where the file has none. */
  pixel_spacing: PixelSpacing | null;
  /** Millimeters along the patient; null where the file has none. */
  slice_position: number | null;
  /** Raw pixels for the viewer. */
  frame_url: string;
  rendition_url: string;
  thumbnail_url: string;
  analyses: Analysis[];
}

export interface ViewerSeries {
  id: string;
  number: number;
  modality: string;
  description: string;
  /**
   * What the AI states of the series. Null where the release has no rule for series, before the
   * first result, and where the reader may not see the AI results.
   */
  statement: SeriesStatement | null;
  images: ViewerImage[];
}

export interface ViewerStudy {
  id: string;
  patient: string;
  study_date: string;
  description: string;
  /** False while the reader has to commit a finding of their own first. */
  ai_visible: boolean;
  /** Whether the clinic wants the heatmap shown when the viewer opens. */
  heatmap_at_first: boolean;
  series: ViewerSeries[];
  /** Of the patient, newest first. */
  other_studies: OtherStudy[];
}
