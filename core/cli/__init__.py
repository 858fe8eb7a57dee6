"""The command line. Each command is imported only when it is called, so that --help responds at once."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

from core.argparse_words import translate_argparse
from core.cli.arguments import parser
from core.environment import terminal_language
from core.errors import DownloadError, RunNotFound, SweepNotFound, TrazoError
from core.language import set_language_finder, tr
from core.storage import system_reason
from core.workspace import Workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; a TrazoError becomes a message on stderr."""
    language = terminal_language()
    set_language_finder(lambda: language)
    translate_argparse()
    # Help text may contain characters, and file names may contain bytes, that the terminal's encoding lacks.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    try:
        module, name = options.command
        command = getattr(importlib.import_module(f"core.cli.{module}"), name)
        status: int = command(options, Workspace.from_environment())
        print(end="", flush=True)
    except TrazoError as error:
        print(f"trazo: {tr(error)}", file=sys.stderr)
        for reason in error.errors if isinstance(error, DownloadError) else ():
            print(f"  {tr(reason)}", file=sys.stderr)
        if isinstance(error, RunNotFound):
            print(tr("List all runs with: python -m core runs list"), file=sys.stderr)
        if isinstance(error, SweepNotFound):
            print(tr("List all sweeps with: python -m core sweep list"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"trazo: {tr('Stopped.')}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # a reader such as `head` has closed the pipe
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.filename is not None:  # not from print(), which has no file name
            print(f"trazo: {error.filename}: {tr(system_reason(error))}.", file=sys.stderr)
            return 1
        print(f"trazo: {tr('The output cannot be written: {reason}.', reason=system_reason(error))}", file=sys.stderr)
        # Python would try once more to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
