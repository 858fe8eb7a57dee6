"""Opening the study of a sweep, in its journal or in the database that TRAZO_SWEEP_STORAGE names."""

from __future__ import annotations

import uuid
from pathlib import Path

import optuna
import sqlalchemy.exc
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from core.environment import sweep_storage
from core.errors import SweepError
from core.language import Message
from core.storage import atomic_write, storage_errors
from core.sweeps import database
from core.sweeps.records import MAXIMIZED, Choice, SweepSettings
from core.sweeps.resource import max_resource
from core.sweeps.spaces import value_text, values_of
from core.sweeps.study import Study
from core.sweeps.sweep import Sweep

_REDUCTION_FACTOR = 3
"""Hyperband continues one of this many trials at each rung (Li et al., 2018)."""


def study_of(sweep: Sweep, settings: SweepSettings) -> Study:
    """Open the study of a sweep, or create it in the database that TRAZO_SWEEP_STORAGE names, by default in a journal.

    Raises SweepError if it was created in a database that TRAZO_SWEEP_STORAGE no longer names, or if that database
    cannot be used; also raises StorageError.
    """
    if sweep_storage() and not sweep.journal_file.exists():
        return open_shared_study(sweep.id, settings, _machine_name(sweep))
    if sweep.machine_file.exists():
        raise SweepError(
            Message(
                "The trials of this sweep are in a database. Name it with TRAZO_SWEEP_STORAGE, then resume the sweep."
            ),
            sweep.id,
        )
    return open_journal_study(settings, sweep.journal_file)


def open_journal_study(settings: SweepSettings, journal: Path) -> Study:
    """Open the study in a journal, or create it with the sweep's own settings as its first trial."""
    with storage_errors(journal):
        # Hyperband assigns trials to brackets by this name, so that the same seed gives the same brackets.
        study = _load_or_create(database.open_journal(journal), f"seed {settings.seed}", settings, "")
    return Study(study, settings, "", journal)


def open_shared_study(sweep_id: str, settings: SweepSettings, machine: str) -> Study:
    """Open the study in the database, or create it with the sweep's own settings as its first trial.

    `machine`: the name of this machine's workspace. Raises SweepError.
    """
    with database.errors():
        # Another machine may create the tables or the study at the same moment; then the second attempt succeeds.
        try:
            study = _load_or_create(database.open_database(), sweep_id, settings, machine)
        except (sqlalchemy.exc.DatabaseError, optuna.exceptions.StorageInternalError):
            study = _load_or_create(database.open_database(), sweep_id, settings, machine)
    return Study(study, settings, machine, None)


def read_shared_settings(sweep_id: str) -> SweepSettings:
    """Return the settings of a sweep that another machine has created in the database; raises SweepError."""
    if not sweep_storage():
        raise SweepError(
            Message("Name the database of the sweep with TRAZO_SWEEP_STORAGE, as on the machine that created it."),
            sweep_id,
        )
    with database.errors():
        try:
            study = optuna.load_study(study_name=sweep_id, storage=database.open_database())
            settings = study.user_attrs["settings"]
        except KeyError as error:
            raise SweepError(
                Message(
                    "The database has no sweep {sweep!r}. Copy its id from the machine that created it.", sweep=sweep_id
                ),
                sweep_id,
            ) from error
    return SweepSettings.model_validate(settings)


def _load_or_create(storage: BaseStorage, name: str, settings: SweepSettings, machine: str) -> optuna.Study:
    directions = [
        StudyDirection.MAXIMIZE if objective in MAXIMIZED else StudyDirection.MINIMIZE
        for objective in settings.objectives
    ]
    study = optuna.create_study(
        storage=storage, study_name=name, directions=directions, pruner=_pruner(settings), load_if_exists=True
    )
    # The settings come last: a study with settings is complete.
    if "settings" not in study.user_attrs:
        study.set_user_attr("creator", machine)
        own = values_of(settings.base, settings.parameters)
        choices = {parameter.name for parameter in settings.parameters if isinstance(parameter, Choice)}
        first = {name: value_text(value) if name in choices else value for name, value in own.items()}
        study.enqueue_trial(first, skip_if_exists=True)
        study.set_user_attr("settings", settings.model_dump(mode="json"))
    return study


def _pruner(settings: SweepSettings) -> optuna.pruners.BasePruner:
    if not settings.prunes:
        return optuna.pruners.NopPruner()
    return optuna.pruners.HyperbandPruner(
        min_resource=1, max_resource=max_resource(settings.base.epochs), reduction_factor=_REDUCTION_FACTOR
    )


def _machine_name(sweep: Sweep) -> str:
    """Return the name of this workspace in a shared study, which is chosen at random once."""
    if not sweep.machine_file.exists():
        with atomic_write(sweep.machine_file) as temporary:
            temporary.write_text(uuid.uuid4().hex)
    return sweep.machine_file.read_text()
