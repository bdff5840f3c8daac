"""An analysis goes from state to state by the arrows of one table, and nothing else takes it."""

import ast
import inspect
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

import scans.services
from accounts.immutability import lifted
from scans.models import Analysis
from scans.models.analysis_states import FINISHED, TRANSITIONS, Arrow, Status
from scans.tests.core.factories import abstain, complete, make_analysis

pytestmark = [pytest.mark.django_db, pytest.mark.long]
ROOT = Path(__file__).resolve().parents[3]
ARROWS = {(source, way.target) for way in TRANSITIONS.values() for source in way.sources}
PAIRS = [(a, b) for a, b in product(Status, Status) if a != b]


def in_state(status):
    """A row as it would be in this state, put there past the triggers."""
    analysis = make_analysis()
    if status in FINISHED:
        return {Status.COMPLETED: complete, Status.ABSTAINED: abstain}[status](analysis)
    held = {"claim_token": uuid4(), "lease_expires_at": timezone.now()}
    with lifted(connection, "scans_analysis"):
        Analysis.objects.update(status=status, **(held if status == Status.RUNNING else {}))
    analysis.refresh_from_db()
    return analysis


def complete_enough(target):
    """What the row's constraints ask of it in the target state."""
    fields = {"claim_token": uuid4(), "lease_expires_at": timezone.now()}
    if target == Status.ABSTAINED:
        fields["abstain_reason"] = "unreadable_contrast"
    if target == Status.COMPLETED:
        fields |= dict.fromkeys(("probability", "confidence", "threshold"), 0.5)
        fields |= {"label": "tumor", "heatmap": "a", "overlay": "b", "finished_at": timezone.now()}
    return fields


def test_the_table_has_every_arrow_once():
    assert set(TRANSITIONS) == set(Arrow)
    assert len(ARROWS) == sum(len(way.sources) for way in TRANSITIONS.values())
    assert not {source for source, _ in ARROWS} & set(FINISHED)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=str)
def test_the_database_lets_an_analysis_go_along_the_arrows_and_nowhere_else(source, target):
    analysis = in_state(source)
    change = {"status": target} | complete_enough(target)
    rows = Analysis.objects.filter(pk=analysis.pk)
    if (source, target) in ARROWS:
        assert rows.update(**change) == 1
        return
    with pytest.raises(IntegrityError, match="does not"), transaction.atomic():
        rows.update(**change)
    for name, value in change.items():
        setattr(analysis, name, value)
    with pytest.raises(IntegrityError, match="does not"), transaction.atomic():
        analysis.save()
    assert rows.get().status == source


@pytest.mark.parametrize(("arrow", "source"), product(Arrow, Status), ids=str)
def test_a_transition_moves_rows_from_its_sources_only(arrow, source):
    in_state(source)
    way = TRANSITIONS[arrow]
    moved = Analysis.objects.transition(arrow, **complete_enough(way.target))
    assert moved == (source in way.sources)
    assert Analysis.objects.get().status == (way.target if moved else source)


def test_a_transition_writes_no_state_but_its_own():
    make_analysis()
    with pytest.raises(TypeError):
        Analysis.objects.transition(Arrow.CANCEL, status=Status.COMPLETED)


def test_a_state_that_there_is_not_is_refused_as_the_row_is_made():
    analysis = make_analysis()
    analysis.pk, analysis._state.adding, analysis.release = uuid4(), True, new_release()
    analysis.status = "thinking"
    with pytest.raises(IntegrityError, match="analysis_status_from_the_list"), transaction.atomic():
        analysis.save()


def new_release():
    from scans.tests.core.factories import ReleaseFactory

    return ReleaseFactory(is_active=False)


def sources():
    """Each module of the application, without tests and migrations."""
    for room in ("accounts", "scans", "neuroscan_site"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path, ast.parse(path.read_text())


def functions_that_name_an_arrow():
    """{arrow: the functions of scans/services that name it}."""
    found = {}
    services = Path(inspect.getfile(scans.services)).parent
    for path, tree in sources():
        if services not in path.parents:
            continue
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if (
                        isinstance(node, ast.Attribute)
                        and isinstance(node.value, ast.Name)
                        and node.value.id == "Arrow"
                    ):
                        found.setdefault(Arrow[node.attr], set()).add(function.name)
    return found


def test_each_arrow_is_taken_by_the_function_that_the_table_names():
    expected = {arrow: {way.function} for arrow, way in TRANSITIONS.items()}
    assert functions_that_name_an_arrow() == expected


def test_no_other_code_writes_the_state_of_an_analysis():
    """`update(status=…)` stands in `transition` alone; verdicts and reports are saved as rows."""
    updates, assignments = set(), set()
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named = {keyword.arg for keyword in node.keywords}
                if node.func.attr in {"update", "aupdate"} and "status" in named:
                    updates.add(path.name)
                if node.func.attr in {"bulk_update", "abulk_update", "update_or_create"}:
                    assert not mentions(node, "Analysis"), f"{path}:{node.lineno}"
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "status":
                    assignments.add((path.name, ast.unparse(node.value).split(".")[0]))
    assert updates == {"analysis.py"}
    assert {kind for _, kind in assignments} <= {"VerdictStatus", "ReportStatus"}, assignments


def mentions(node, name):
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def test_the_documentation_prints_the_table():
    text = (ROOT / "docs/architecture.md").read_text()
    rows = [
        f"| {' or '.join(f'`{source}`' for source in way.sources)} | `{way.target}` "
        f"| `{way.function}` | {way.sentence} |"
        for way in TRANSITIONS.values()
    ]
    head = "| from | to | by | when |\n|---|---|---|---|"
    assert "\n".join([head, *rows]) in text
