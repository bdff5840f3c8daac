"""Which audit events the code records, as its source says: what is passed to a recorder.

A recorder is `accounts.audit.record` and its siblings, and each function that passes an event on to
one, such as `record_export`. What is passed counts as it stands there or under a name: of a local
variable, a table of the module (`_EVENTS[origin]`) or a class (`self.read_event`).
"""

import ast
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings

from accounts.audit_registry import AuditEventType

MODULES = ("accounts.audit_events", "scans.audit_events")
READS = ("read", "listed", "exported", "verified")  # how the names of events that are reads end
Function = ast.FunctionDef | ast.AsyncFunctionDef


def constants() -> dict[str, AuditEventType]:
    """The declared events by the name under which the code refers to them."""
    return {
        f"{module.partition('.')[0]}.{name}": value
        for module in MODULES
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, AuditEventType)
    }


def writes() -> set[str]:
    """The constants of the events that are no reads."""
    return {name for name, event in constants().items() if event.name.split(".")[-1] not in READS}


@dataclass(frozen=True)
class Source:
    """A module of the application, by its path."""

    path: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Those of the module by their name, and the methods as `Class.method`."""
        found = {}
        for node in self.tree.body:
            if isinstance(node, Function):
                found[node.name] = node
            elif isinstance(node, ast.ClassDef):
                methods = (part for part in node.body if isinstance(part, Function))
                found |= {f"{node.name}.{method.name}": method for method in methods}
        return found

    @cached_property
    def application(self) -> str:
        """From which application it imports `audit_events`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and "audit_events" in {a.name for a in node.names}:
                return node.module or ""
        return self.path.partition("/")[0]


def sources() -> list[Source]:
    """Every module of the application but tests and migrations."""
    found = []
    for folder in ("accounts", "scans"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            name = path.relative_to(settings.BASE_DIR).as_posix()
            if "/tests/" not in name and "/migrations/" not in name:
                found.append(Source(name, ast.parse(path.read_text())))
    return found


@dataclass
class RecordedEvents:
    """What each function of the sources records."""

    sources: list[Source]
    # The place of the event among the arguments, by the recorder's name; None: by keyword alone.
    everywhere: dict[str, int | None] = field(
        default_factory=lambda: dict.fromkeys(("record", "record_list", "record_in_migration"))
    )

    def __post_init__(self) -> None:
        for source in self.sources:
            public = {n: i for n, i in self._passing(source).items() if not n.startswith("_")}
            self.everywhere = public | self.everywhere

    def of_function(self, source: Source, function: Function) -> set[str]:
        """The constants of the events that it passes to a recorder."""
        found = set()
        for event in self._events(source, function):
            found |= self._constants(source, function, event)
        return found

    def of_everything(self) -> set[str]:
        """The constants of all events that some function passes to a recorder."""
        return {
            name
            for source in self.sources
            for function in source.functions.values()
            for name in self.of_function(source, function)
        }

    def _passing(self, source: Source) -> dict[str, int | None]:
        """The recorders of a module: functions that pass an argument of theirs to a recorder."""
        found: dict[str, int | None] = {}
        for name, function in source.functions.items():
            arguments = [argument.arg for argument in function.args.args]
            for event in self._events(source, function, own={}):
                if isinstance(event, ast.Name) and event.id in arguments:
                    found[name] = arguments.index(event.id)
        return found

    def _events(
        self, source: Source, function: Function, *, own: dict[str, int | None] | None = None
    ) -> Iterator[ast.expr]:
        """What stands for the event in each call of a recorder."""
        recorders = self.everywhere | (self._passing(source) if own is None else own)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name not in recorders:
                continue
            place = recorders[name]
            yield from (keyword.value for keyword in call.keywords if keyword.arg == "event")
            if place is not None and len(call.args) > place:
                yield call.args[place]

    def _constants(
        self, source: Source, function: Function, value: ast.expr, seen: tuple[str, ...] = ()
    ) -> set[str]:
        """The events that stand in an expression, or under the names in it."""
        found = set()
        for node in ast.walk(value):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "audit_events":
                    found.add(f"{source.application}.{node.attr}")
                elif node.value.id == "self":
                    found |= self._of_classes(function, node.attr)
            elif isinstance(node, ast.Name) and node.id not in seen:
                for named in _assigned([*ast.walk(function), *source.tree.body], node.id):
                    found |= self._constants(source, function, named, (*seen, node.id))
        return found

    def _of_classes(self, function: Function, name: str) -> set[str]:
        """What stands under this name in the body of any class."""
        return {
            constant
            for source in self.sources
            for node in source.tree.body
            if isinstance(node, ast.ClassDef)
            for value in _assigned(node.body, name)
            for constant in self._constants(source, function, value, (name,))
        }


def _assigned(nodes: Sequence[ast.AST], name: str) -> Iterator[ast.expr]:
    """What is assigned to the name, alone or with others."""
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        value = getattr(node, "value", None)
        names = {
            part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)
        }
        if isinstance(node, ast.Assign | ast.AnnAssign) and value is not None and name in names:
            yield value
