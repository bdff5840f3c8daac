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

export interface Angle {
  shape: AngleShapeEnum;
  start: readonly [number, number];
  /** Where the two sides meet. */
  vertex: readonly [number, number];
  end: readonly [number, number];
}

export type AngleShapeEnum = "angle";

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

export type BlankEnum = "";

/** A slice that carries the statement. */
export interface CarryingSlice {
  image: string;
  /** Of the image in its series. */
  number: number;
}

export type DecodingEnum = "waiting" | "running" | "decoded" | "failed";

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
  /** Every window of the file, in its order; empty where it states none. */
  windows: Window[];
}

export interface Freehand {
  shape: FreehandShapeEnum;
  points: (readonly [number, number])[];
  closed?: boolean;
}

export type FreehandShapeEnum = "freehand";

export type Geometry =
  | Rectangle
  | Ellipse
  | Polygon
  | Freehand
  | Arrow
  | Length
  | Bidirectional
  | Angle;

/** What one viewport of a layout by series shows; "" stands for any. */
export interface HangingPlace {
  study: StudyEnum;
  sequence?: SequenceEnum | BlankEnum;
  plane?: PlaneEnum | BlankEnum;
}

/** A layout of the viewer, and the studies that it opens. */
export interface HangingProtocol {
  id: string;
  name: string;
  layout: LayoutEnum;
  /** Of the layout `by_series`, in order; else empty. */
  places: HangingPlace[];
  min_series: number;
  max_series: number | null;
  min_priors: number;
  max_priors: number | null;
  /** Of several that fit a study, the lowest is taken. */
  position: number;
  /** Everybody's here, or your own. */
  for_clinic: boolean;
  /** Null of one that is built in. */
  saved_at: string | null;
}

export type HowEnum =
  | "drawn"
  | "imported"
  | "revised"
  | "hidden"
  | "unhidden"
  | "restored"
  | "calibrated";

export type LabelEnum = "tumor" | "no_tumor";

export type LayoutEnum =
  | "one"
  | "two_series"
  | "four_series"
  | "prior"
  | "two_priors"
  | "series_and_prior"
  | "by_series";

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
  /** Of a rectangle, along its own side. */
  width: number | null;
  /** Of a rectangle. */
  height: number | null;
  /** Of an ellipse. */
  long_axis: number | null;
  /** Of an ellipse. */
  short_axis: number | null;
  /**
   * Of a bidirectional measurement, and the longest distance across the outline of a polygon or
   * closed freehand line; a rectangle and an ellipse have none.
   */
  long_diameter: number | null;
  /** Of a bidirectional measurement. */
  short_diameter: number | null;
  /** Of an angle, in degrees. */
  angle: number | null;
}

/** `mm` is null unless the file, or its author's manual calibration, gives the spacing. */
export interface Measurements {
  px: Measured;
  mm: Measured | null;
  /** Where the millimeters come from: the file, or a manual calibration. */
  scale: ScaleEnum | null;
}

/** What was measured of a release at its threshold, in words, beside each of its results. */
export interface OperatingPoint {
  release: string;
  /**
   * Sensitivity and specificity, and on whose images; that they are not known, where the release
   * came without figures.
   */
  words: string;
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

export type PlaneEnum = "axial" | "coronal" | "sagittal";

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

export type ScaleEnum = "file" | "manual";

export type SequenceEnum = "T1" | "T1c" | "T2" | "FLAIR" | "PD" | "DWI" | "SWI" | "other";

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
  /**
   * Sensitivity and specificity of the rule at its threshold, and on what they were measured, in
   * words; that they are not known, where the release does not say.
   */
  operating_point: string;
  disclaimer: string;
}

/** A pixel spacing that a reader derived from a length they know; theirs alone. */
export interface SpacingCalibration {
  id: string;
  image: string;
  /** Start and end, in pixels of the image. */
  line: (readonly [number, number])[];
  /** Millimeters, as the reader gave them. */
  known_mm: number;
  /** In both directions: the pixels count as square. */
  mm_per_pixel: number;
  /** Whether it holds for all images of the series of this size. */
  covers_series: boolean;
  made_at: string;
  withdrawn_at: string | null;
}

export type StudyEnum = "current" | "prior";

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
  /** Of the stored object that the image, and what is drawn on it, belongs to. */
  sop_instance_uid: string;
  /** In its instance, from 1. */
  frame_number: number;
  /** Pixels, orientation applied. */
  width: number;
  /** Pixels, orientation applied. */
  height: number;
  bits_stored: number;
  /** Whether the pixels are decoded: there is no frame before. */
  decoding: DecodingEnum;
  /** Null where the file has none. */
  pixel_spacing: PixelSpacing | null;
  /** Millimeters along the normal of the slice; null where the file has none. */
  slice_position: number | null;
  /** Millimeters. */
  slice_thickness: number | null;
  /**
   * DICOM's Image Position (Patient): the center of the first pixel, in millimeters. Null where the
   * file has none.
   */
  image_position: readonly [number, number, number] | null;
  /**
   * DICOM's Image Orientation (Patient): direction cosines of the rows, then of the columns. Null
   * where the file has none; no side of the patient is named then.
   */
  image_orientation: readonly [number, number, number, number, number, number] | null;
  /**
   * Your manual calibration of this image; null where there is none, and where the file states the
   * spacing.
   */
  calibration: SpacingCalibration | null;
  /** Whether you starred it. */
  key_image: boolean;
  /** The parts that are covered: left, top, width and height in pixels. */
  mask: (readonly [number, number, number, number])[];
  /** Where something like text was found near the borders, in the same form. */
  border_text: (readonly [number, number, number, number])[];
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
  /** What its objects are; empty for JPEG, PNG and the like. */
  kind: string;
  why_not_analyzed: string;
  /** As a person stated it, else as the files state it; null where it is not known. */
  plane: PlaneEnum | null;
  /** As a person stated it, else as the files state it; null where it is not known. */
  sequence: SequenceEnum | null;
  /** Millimeters between the centers of neighboring slices; null where not known. */
  slice_spacing: number | null;
  frame_of_reference_uid: string;
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
  /**
   * One for each release among the `analyses`; empty where the reader may not see the AI results.
   */
  operating_points: OperatingPoint[];
  /** Of the patient, newest first. */
  other_studies: OtherStudy[];
  /** Which it opens with, for you; null where none fits. */
  hanging_protocol: HangingProtocol | null;
}

/** Center and width in pixel values, as DICOM's VOI LUT has them. */
export interface Window {
  center: number;
  width: number;
}
