"""The choices of a study's reading: priority, stage, and how many readers it requires."""

from django.db import models


class Priority(models.TextChoices):
    STAT = "stat", "Stat"
    URGENT = "urgent", "Urgent"
    ROUTINE = "routine", "Routine"


class ReadStage(models.TextChoices):
    """How far the reading is; a study awaits a verdict until it is `READ`."""

    WAITING = "waiting", "Unread"
    ADJUDICATION = "adjudication", "Two readers disagree"
    READ = "read", "Read"


class ReadersRequired(models.IntegerChoices):
    """How many radiologists read the study, without seeing each other's findings."""

    ONE = 1, "One reader"
    TWO = 2, "Two independent readers"
