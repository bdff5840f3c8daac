"""Where images stand: in which series, and with which numbers.

Images of JPEG, PNG and the like make one series, in the order of the upload. A NIfTI volume is a
series each. DICOM images stand in the series that they name, a row for each stack in it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from scans.models import Image, Instance, Patient, Series, Study
from scans.models.study import mint_uid
from scans.services.analyses.clinic_rule import RuleOnArrival, SeriesTraits
from scans.services.studies.image_order import ImageNumbers, renumber_drafts
from scans.services.studies.stacking import ASIDE, StackedSeries
from scans.services.studies.storing import Stored

VOLUME = "volume"  # the kind of a series that is a volume of a NIfTI file
Files = Sequence[tuple[int, Stored]]  # with their places among all files


@dataclass
class Placed:
    """What became rows.

    `images` are the new ones of each file by its place among the files, in the order of its frames;
    none of an object that is no image. `grown` are the series that were there and have other images
    now.
    """

    images: dict[int, list[Image]] = field(default_factory=dict)
    grown: list[Series] = field(default_factory=list)


class Placing:
    """The series of one study while an upload adds to it, in its transaction.

    Where it `keeps_numbers`, since something is signed that names images and series by them, what
    is new stands behind all that is there.
    """

    def __init__(
        self,
        *,
        study: Study,
        patient: Patient,
        is_new: bool,
        keeps_numbers: bool,
        acquisition: Mapping[str, Any],
    ) -> None:
        self._keeps_numbers = keeps_numbers
        self._study, self._patient, self._acquisition = study, patient, acquisition
        self._there = [] if is_new else list(Series.objects.filter(study=study))
        self._new: list[Series] = []
        self._rule = RuleOnArrival(patient.clinic_id)
        self._placed = Placed()

    def place(self, files: Sequence[Stored]) -> Placed:
        """Write instances and images of these files, and the series that they need."""
        objects: dict[str, list[tuple[int, Stored]]] = defaultdict(list)
        for at, file in enumerate(files):
            if file.dicom is not None:
                objects[file.metadata.series_uid or ""].append((at, file))
        others = [(at, file) for at, file in enumerate(files) if file.dicom is None]
        pictures = [(at, file) for at, file in others if not file.metadata.is_volume]
        volumes = [(at, file) for at, file in others if file.metadata.is_volume]
        of_pictures = self._series_of_pictures(pictures[0][1]) if pictures else None
        of_volumes = [self._series_of_volumes(file) for _, file in volumes]
        stacked = [self._stacked(uid, some) for uid, some in objects.items()]
        are_renumbered = self._write_series(stacked)
        if of_pictures is not None:
            self._write_pictures(of_pictures, pictures)
        for rows, (at, file) in zip(of_volumes, volumes, strict=True):
            self._write_volumes(rows, at, file)
        for one in stacked:
            images, grown, moved = one.write(patient=self._patient)
            self._placed.images |= images
            self._placed.grown += grown
            are_renumbered = are_renumbered or moved
        if are_renumbered:
            renumber_drafts(self._study.pk)
        return self._placed

    def _series_of_pictures(self, first: Stored) -> Series:
        known = next((row for row in self._there if not row.kind), None)
        return known or self._add(self._ruled(Series(study=self._study), first))

    def _series_of_volumes(self, file: Stored) -> dict[int, Series]:
        uid = mint_uid()
        return {
            volume: self._add(
                self._ruled(
                    Series(
                        study=self._study,
                        series_instance_uid=uid,
                        stack=volume,
                        kind=VOLUME,
                        description=file.filename[:200],
                    ),
                    file,
                )
            )
            for volume in sorted(set(file.volumes))
        }

    def _stacked(self, uid: str, files: Files) -> StackedSeries:
        found = StackedSeries(
            study=self._study,
            patient=self._patient,
            uid=uid,
            files=files,
            rows=[row for row in self._there if uid and row.series_instance_uid == uid],
            acquisition=self._acquisition,
            keeps_numbers=self._keeps_numbers,
            rule=self._rule,
        )
        self._new.extend(found.new_series)
        return found

    def _stated_of(self, file: Stored) -> dict[str, Any]:
        """What the sender states, without what the file states itself: that goes before it."""
        in_file = file.acquisition
        return {name: value for name, value in self._acquisition.items() if not in_file[name]}

    def _ruled(self, series: Series, file: Stored) -> Series:
        """The series with what the sender states of it, and what the clinic's rule says of that."""
        in_file = file.acquisition
        for name, value in self._stated_of(file).items():
            setattr(series, name, value)
        decision = self._rule.decide(
            SeriesTraits.of(
                kind=series.kind,
                body_part="",
                varied=(),
                sequence=in_file["sequence"] or series.sequence,
                plane=in_file["plane"] or series.plane,
            )
        )
        series.why_not_analyzed = decision.why_not_analyzed
        series.every_nth_slice = decision.every_nth_slice
        return series

    def _add(self, series: Series) -> Series:
        self._new.append(series)
        return series

    def _write_series(self, stacked: Sequence[StackedSeries]) -> bool:
        """Write the new series, all in the order of the numbers in their files and of their stacks.

        Returns whether a series that was there has another number.
        """
        if not self._new:
            return False
        there = {row.pk: row for row in self._there}
        rows = [*there.values(), *self._new]
        first: dict[str, int] = {}
        for at, row in enumerate(rows):
            first.setdefault(row.series_instance_uid, at)
        stack = {row.pk: at for one in stacked for at, row in enumerate(one.series_in_order)}
        rows.sort(
            key=lambda row: (
                self._keeps_numbers and row.pk not in there,
                row.number if self._keeps_numbers and row.pk in there else 0,
                row.stated_number is None and bool(row.kind),
                row.stated_number or 0,
                first[row.series_instance_uid],
                stack.get(row.pk, row.stack),
            )
        )
        changed = []
        for number, row in enumerate(rows, 1):
            if row.number != number:
                row.number = number
                if row.pk in there:
                    changed.append(row)
        if changed:
            aside = Series.objects.filter(pk__in=[row.pk for row in changed])
            aside.update(number=F("number") + ASIDE)
            Series.objects.bulk_update(changed, ["number"])
        Series.objects.bulk_create(self._new)
        return bool(changed)

    def _write_pictures(self, series: Series, files: Files) -> None:
        is_new = series not in self._there
        numbers = ImageNumbers(series, is_new=is_new, keeps_numbers=self._keeps_numbers)
        for at, file in files:
            instance = self._instance(file, series)
            first = numbers.make_room(place=file.instance["upload_place"], images=len(file.images))
            self._placed.images[at] = Image.objects.bulk_create(
                Image(
                    series=series, patient=self._patient, instance=instance, number=number, **fields
                )
                for number, fields in enumerate(file.images, first)
            )
        if not is_new:
            self._placed.grown.append(series)

    def _write_volumes(self, rows: Mapping[int, Series], at: int, file: Stored) -> None:
        instance = self._instance(file, next(iter(rows.values())))
        counts: Counter[int] = Counter()
        images = []
        for volume, fields in zip(file.volumes, file.images, strict=True):
            counts[volume] += 1
            images.append(
                Image(
                    series=rows[volume],
                    patient=self._patient,
                    instance=instance,
                    number=counts[volume],
                    **fields,
                )
            )
        self._placed.images[at] = Image.objects.bulk_create(images, batch_size=100)

    def _instance(self, file: Stored, series: Series) -> Instance:
        return Instance.objects.create(
            series=series,
            patient=self._patient,
            clinic_id=self._patient.clinic_id,
            filename=file.filename,
            **file.instance,
        )
