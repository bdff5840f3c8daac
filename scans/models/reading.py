"""Where the reading of a study stands: how urgent, whose, by whom just now, how many readers."""

from django.db import models


class Priority(models.TextChoices):
    STAT = "stat", "Stat"
    URGENT = "urgent", "Urgent"
    ROUTINE = "routine", "Routine"


class ReadStage(models.TextChoices):
    """A study awaits a verdict until it is `READ`."""

    WAITING = "waiting", "Awaits a verdict"
    ADJUDICATION = "adjudication", "Two readers disagree"
    READ = "read", "Read"


class Reads(models.IntegerChoices):
    """How many radiologists read the study without seeing each other's word."""

    ONE = 1, "One reader"
    TWO = 2, "Two independent readers"
