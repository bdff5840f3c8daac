"""What becomes of each file of an upload, and of the upload as a whole."""

from dataclasses import dataclass

from scans.models import Image, Study

RECEIVED, DUPLICATE, REFUSED = "received", "duplicate", "refused"
IDENTITY_DIFFERS = "identity_differs"
CHOSEN_TWICE = "This image was chosen twice: it is in this upload already."
OF_ANOTHER_PATIENT = (
    "Another patient of the clinic has exactly this image. See whether this is the right patient."
)

NOTHING_NEW = "All of these files were received before: they are in this study."
NOTHING_NEW_OF_REST = "Nothing new was received: what was not refused is in this study already."


@dataclass(frozen=True)
class FileOutcome:
    """The outcome of one file. `image` is its first image: a new one, or the one it repeats.

    An object that is no image has none; `detail` then says what was kept. `study` is the study that
    it is in, where it is in one.

    `of_other_patient` is the same image of another patient, of the sender's clinic: perhaps the
    wrong patient was chosen. `warning` says so in words.
    """

    filename: str
    outcome: str
    code: str = ""
    detail: str = ""
    image: Image | None = None
    study: Study | None = None
    of_other_patient: Image | None = None

    @property
    def warning(self) -> str:
        """What to look at although the file was received; empty where there is nothing."""
        return OF_ANOTHER_PATIENT if self.of_other_patient else ""


@dataclass(frozen=True)
class Receipt:
    """The outcomes of one upload. `study` is None where no file is in a study.

    Of an upload whose files were all received before it is the study that has them.
    """

    study: Study | None
    outcomes: tuple[FileOutcome, ...]

    @property
    def is_nothing_new(self) -> bool:
        """Whether all that is not refused was there before, in another upload."""
        return self.study is not None and not self.received

    @property
    def sentence(self) -> str:
        """What to know of the upload as a whole; empty where something was received."""
        if not self.is_nothing_new:
            return ""
        return NOTHING_NEW if len(self.duplicates) == len(self.outcomes) else NOTHING_NEW_OF_REST

    @property
    def received(self) -> tuple[FileOutcome, ...]:
        """The files that are images of the study now."""
        return self._only(RECEIVED)

    @property
    def warned(self) -> tuple[FileOutcome, ...]:
        """The files that were received and that another patient has as well."""
        return tuple(row for row in self.outcomes if row.warning)

    @property
    def duplicates(self) -> tuple[FileOutcome, ...]:
        """The files that the patient has already, in another upload."""
        return self._only(DUPLICATE)

    @property
    def refused(self) -> tuple[FileOutcome, ...]:
        """The files that could not be accepted, each with a code and a sentence."""
        return self._only(REFUSED)

    def _only(self, outcome: str) -> tuple[FileOutcome, ...]:
        return tuple(row for row in self.outcomes if row.outcome == outcome)
