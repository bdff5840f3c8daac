"""One DICOM series of a study as rows: one for each stack, made anew when more arrives."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from scans.ingest.slices import stacks
from scans.models import Image, Instance, Patient, Series, Study
from scans.models.acquisition import ACQUISITION, LARGEST_SPACING
from scans.models.study import mint_uid
from scans.services.analyses.clinic_rule import RuleOnArrival, SeriesTraits
from scans.services.studies.storing import Stored, storable_number

ASIDE = 1_000_000  # numbers that nothing has: the database refuses one number twice
_LAST = 2**31  # of images that state no number
_LONGEST_UID = 64
_LONGEST_BODY_PART = 64
_OF_RULE = ("sequence", "plane")  # what a clinic's rule asks of the acquisition
# What tells where an image lies, and of which stack it is.
_GEOMETRY = (
    *("height", "width", "pixel_spacing_row", "pixel_spacing_column"),
    *("image_position", "image_orientation", "varied"),
)
Key: TypeAlias = UUID | Image  # the id of an image that is there, or a new one


@dataclass
class _Row:
    """A row of the series with the images that it is to have, in order."""

    series: Series
    images: list[Key] = field(default_factory=list)
    spacing: float | None = None


class StackedSeries:
    """The rows of one DICOM series, before and after these files.

    A series that a person has put in order stays in it, and what is new stands at its end; so does
    one that something signed names by its numbers.
    """

    def __init__(
        self,
        *,
        study: Study,
        patient: Patient,
        uid: str,
        files: Sequence[tuple[int, Stored]],
        rows: Sequence[Series],
        acquisition: Mapping[str, Any],
        keeps_numbers: bool,
        rule: RuleOnArrival,
    ) -> None:
        self._rule = rule
        self._study, self._uid, self._files = study, uid or mint_uid(), files
        self._acquisition = acquisition
        self._there = list(rows)
        self._keeps_numbers = keeps_numbers or any(row.order_corrected for row in rows)
        self._new_images = {
            at: [Image(patient=patient, **fields) for fields in file.images] for at, file in files
        }
        self._files_of = {id(image): file for at, file in files for image in self._new_images[at]}
        self._places: dict[UUID, tuple[UUID, int]] = {}  # series and number of those that are there
        self._rows = self._stacked()

    @property
    def new_series(self) -> list[Series]:
        """The rows that are to be written, before `write`."""
        there = {row.pk for row in self._there}
        return [row.series for row in self._rows if row.series.pk not in there]

    @property
    def series_in_order(self) -> list[Series]:
        """All rows of the series, in the order of their stacks."""
        return [row.series for row in self._rows]

    def write(self, *, patient: Patient) -> tuple[dict[int, list[Image]], list[Series], bool]:
        """Write instances and images, once the series have their rows.

        Returns the new images of each file, the series that were there and have other images now,
        and whether an image that was there has another number or series.
        """
        moved = self._move()
        instances, homes = [], {id(key): row for row in self._rows for key in row.images}
        for at, file in self._files:
            images = self._new_images[at]
            home = homes[id(images[0])] if images else self._rows[0]
            instance = Instance(
                series=home.series,
                patient=patient,
                clinic_id=patient.clinic_id,
                filename=file.filename,
                **file.instance,
            )
            for image in images:
                image.instance = instance
            instances.append(instance)
        Instance.objects.bulk_create(instances, batch_size=100)
        grown = []
        there = {row.pk for row in self._there}
        for row in self._rows:
            has_new = False
            for number, key in enumerate(row.images, 1):
                if isinstance(key, Image):
                    key.series, key.number, has_new = row.series, number, True
            if row.series.pk in there and (has_new or moved):
                row.series.measured_spacing = row.spacing
                row.series.save(update_fields=["measured_spacing"])
                grown.append(row.series)
        images = [image for some in self._new_images.values() for image in some]
        Image.objects.bulk_create(images, batch_size=100)
        return self._new_images, grown, moved

    def _stacked(self) -> list[_Row]:
        slices = [*self._known_slices(), *self._new_slices()]
        if not slices:  # objects that are no image stand in a series without images
            return [_Row(self._there[0] if self._there else self._add(self._files[0][1], 1, {}))]
        free = {row.pk: row for row in self._there}
        count = max((row.stack for row in self._there), default=0)
        rows = []
        for stack in stacks(slices):
            keys: list[Key] = [one.key for one in stack.slices]
            owners = Counter(self._places[key][0] for key in keys if isinstance(key, UUID))
            owner = next((pk for pk, _ in owners.most_common() if pk in free), None)
            if owner is not None:
                series = free.pop(owner)
            else:
                count += 1
                series = self._add_for(keys, count)
            rows.append(_Row(series, keys, _storable_spacing(stack.spacing)))
            if series.measured_spacing is None:
                series.measured_spacing = rows[-1].spacing
        rows.extend(_Row(series) for series in free.values())
        if self._keeps_numbers:
            self._keep_order(rows)
            there = {row.pk for row in self._there}
            rows = [row for row in rows if row.images or row.series.pk in there]
        return rows

    def _known_slices(self) -> Iterator[tuple[Key, Mapping[str, Any], tuple[int, int]]]:
        if not self._there:
            return
        for image in Image.objects.filter(series__in=self._there).values(
            *("pk", "series_id", "number", "frame_number", "instance__instance_number"), *_GEOMETRY
        ):
            self._places[image["pk"]] = (image["series_id"], image["number"])
            yield image["pk"], image, _order(image["instance__instance_number"], image)

    def _new_slices(self) -> Iterator[tuple[Key, Mapping[str, Any], tuple[int, int]]]:
        for at, file in self._files:
            for image, fields in zip(self._new_images[at], file.images, strict=True):
                yield image, fields, _order(file.instance["instance_number"], fields)

    def _keep_order(self, rows: Sequence[_Row]) -> None:
        for row in rows:
            own = [pk for pk, (series, _) in self._places.items() if series == row.series.pk]
            new = [key for key in row.images if isinstance(key, Image)]
            row.images = [*sorted(own, key=lambda pk: self._places[pk][1]), *new]

    def _move(self) -> bool:
        """Give the images that are there their new numbers and series; whether one has others."""
        changed = [
            Image(pk=key, series=row.series, number=number)
            for row in self._rows
            for number, key in enumerate(row.images, 1)
            if isinstance(key, UUID) and self._places[key] != (row.series.pk, number)
        ]
        if changed:
            final = [(image.series, image.number) for image in changed]
            for aside, image in enumerate(changed, ASIDE):
                image.number = aside
            Image.objects.bulk_update(changed, ["number"], batch_size=100)
            for image, (series, number) in zip(changed, final, strict=True):
                image.series, image.number = series, number
            Image.objects.bulk_update(changed, ["series", "number"], batch_size=100)
        return bool(changed)

    def _add_for(self, keys: Sequence[Key], stack: int) -> Series:
        """A row for a stack, with what the file of its first new image states of the series."""
        first = next((key for key in keys if isinstance(key, Image)), None)
        if first is None:  # a part of the images that are there
            return self._like(self._there[0], stack)
        stated = {name: getattr(first, name) for name in ACQUISITION}
        return self._add(self._files_of[id(first)], stack, stated, varied=first.varied)

    def _add(
        self, file: Stored, stack: int, stated: Mapping[str, Any], *, varied: Sequence[Any] = ()
    ) -> Series:
        states = file.dicom
        assert states is not None
        frame_of_reference = states.frame_of_reference_uid
        # What the file states itself goes before what the sender states of it.
        missing = {name: value for name, value in self._acquisition.items() if not stated.get(name)}
        known = {name: stated.get(name) or missing.get(name) or "" for name in _OF_RULE}
        decision = self._rule.decide(
            SeriesTraits.of(kind=states.kind, body_part=states.body_part, varied=varied, **known)
        )
        return Series(
            study=self._study,
            series_instance_uid=self._uid,
            stack=stack,
            stated_number=storable_number(states.series_number),
            description=states.series_description[:200],
            modality=(file.metadata.modality or "")[:16],
            frame_of_reference_uid=(
                frame_of_reference if len(frame_of_reference) <= _LONGEST_UID else ""
            ),
            kind=states.kind,
            body_part=states.body_part[:_LONGEST_BODY_PART],
            why_not_analyzed=decision.why_not_analyzed,
            every_nth_slice=decision.every_nth_slice,
            **({} if states.why_not_analyzed else missing),
        )

    def _like(self, other: Series, stack: int) -> Series:
        names = (
            *("study", "series_instance_uid", "stated_number", "description", "modality"),
            *("frame_of_reference_uid", "kind", "why_not_analyzed", *ACQUISITION),
            *("body_part", "every_nth_slice"),
        )
        return Series(stack=stack, **{name: getattr(other, name) for name in names})


def _order(instance_number: int | None, fields: Mapping[str, Any]) -> tuple[int, int]:
    return (_LAST if instance_number is None else instance_number, fields["frame_number"])


def _storable_spacing(spacing: float | None) -> float | None:
    return spacing if spacing is not None and 0 < spacing <= LARGEST_SPACING else None
