"""Who may see the AI results and other readers' findings of a study before it is read.

Read-first is a setting of the clinic. While it is on, the AI result of a study (label,
probability, confidence, abstention, heatmap, overlay, regions) is withheld from **everybody**,
whatever their role, until

- that person has committed a finding of their own for the study, or
- the study is read: every read that it needs is signed. What was open once stays open, also where
  a later amendment makes a disagreement: a signed report is not taken from those who treat by it.

Clinicians and administrators are no exception: an AI opinion that no radiologist has weighed is
what this setting keeps from being acted on, and they could pass on to the reader what they see.

Independent reads are blind to each other: while a study has two readers, nobody sees another
reader's annotations, verdict or report on it before both reads are signed.

Whatever cannot be decided is withheld.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.models import Clinic, User
from accounts.policy import Action, NotAllowedError, has_object_perm, has_perm
from scans.models import Analysis, Study, Verdict
from scans.models.analysis import FINISHED
from scans.models.reading import ReadersRequired, ReadStage

WITHHELD = "withheld"  # instead of the status of an analysis whose result is withheld
WITHHELD_FROM_READERS = (
    "This clinic reads first: commit your own finding for the study, and the AI result is shown."
)
WITHHELD_FROM_OTHERS = (
    "This clinic reads first: the AI result is shown once a radiologist has read the study."
)


def ai_visible(*, user: User, study: Study) -> bool:
    """Return whether this person may see the AI results of this study now."""
    if not has_object_perm(user, Action.VIEW, study):
        return False
    return study.pk not in withheld_from(user=user, studies=[study.pk])


def others_visible(*, user: User, study: Study) -> bool:
    """Return whether this person may see other readers' annotations, verdicts and reports of it.

    One's own are always visible.
    """
    if not has_object_perm(user, Action.VIEW, study):
        return False
    facts = Study.objects.filter(pk=study.pk).values_list("readers_required", "read_stage").first()
    return facts is not None and (facts[0] == ReadersRequired.ONE or facts[1] != ReadStage.WAITING)


def others_disclosed(*, study: str = "") -> Q:
    """Return the condition on a row whose study is not being read blind.

    `study` is the path to the study, as in `disclosed_to`.
    """
    path = f"{study}__" if study else ""
    return Q(**{f"{path}readers_required": ReadersRequired.ONE}) | ~Q(
        **{f"{path}read_stage": ReadStage.WAITING}
    )


def require_ai(*, user: User, study: Study) -> None:
    """Raise `NotAllowedError` while the AI result is withheld from this person."""
    if not ai_visible(user=user, study=study):
        reads = has_perm(user, Action.READ_STUDY)
        raise NotAllowedError(WITHHELD_FROM_READERS if reads else WITHHELD_FROM_OTHERS)


def reads_first(user: User) -> bool:
    """Return whether anything may be withheld from this person, as the database has it now."""
    if user.is_superuser or user.clinic_id is None:
        return Clinic.objects.filter(read_first=True).exists()
    # Unless the clinic surely does not: a row that is gone, or cannot be read, withholds.
    return not Clinic.objects.filter(pk=user.clinic_id, read_first=False).exists()


def withheld_from(*, user: User, studies: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of these studies whose AI results are withheld; two queries at most."""
    requested = frozenset(studies)
    if not requested or not reads_first(user):
        return frozenset()
    shown = Study.objects.filter(disclosed_to(user), pk__in=requested)
    return requested - frozenset(shown.values_list("pk", flat=True))


def disclosed_to(user: User, *, study: str = "") -> Q:
    """Return the condition on a row whose study's AI result this person may see.

    `study` is the path from the row to its study, "" for the study itself. For filters, orders and
    counts that depend on the AI result: they must not reveal it.
    """
    path = f"{study}__" if study else ""
    committed = Verdict.objects.filter(
        study=OuterRef(f"{path}pk" if path else "pk"), reader=user.pk, committed_at__isnull=False
    )
    return (
        Q(**{f"{path}clinic__read_first": False})
        | Q(**{f"{path}read_stage": ReadStage.READ})
        | Q(**{f"{path}read_at__isnull": False})
        | Q(Exists(committed))
    )


def as_shown(analysis: Analysis, *, withheld: bool) -> Analysis:
    """Return the analysis as it may be shown: where `withheld`, without its result.

    That one is built anew from the few fields that reveal nothing, so a field that is added to the
    model later is withheld by itself. Unfinished, failed and cancelled analyses have nothing to
    withhold.
    """
    if not withheld or analysis.status not in FINISHED:
        return analysis
    shown = Analysis(
        id=analysis.pk,
        image_id=analysis.image_id,
        release_id=analysis.release_id,
        requested_by_id=analysis.requested_by_id,
        requested_at=analysis.requested_at,
        queued_at=analysis.queued_at,
        dispatched_at=analysis.dispatched_at,
        finished_at=analysis.finished_at,
        status=WITHHELD,
    )
    shown._state.adding = False
    shown._state.fields_cache = {
        name: row for name, row in analysis._state.fields_cache.items() if name in _RELATED
    }
    return shown


_RELATED = ("image", "release")
