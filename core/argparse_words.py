"""The words and errors of argparse, such as "usage", in the language of the terminal."""

from __future__ import annotations

import argparse

from core.language import Message, count_message, ntr, tr

SENTENCES = (
    Message("usage: "),
    Message("positional arguments"),
    Message("options"),
    Message("show this help message and exit"),
    Message("%(prog)s: error: %(message)s\n"),
    Message("argument %(argument_name)s: %(message)s"),
    Message("the following arguments are required: %s"),
    Message("unrecognized arguments: %s"),
    Message("invalid choice: %(value)r (choose from %(choices)s)"),
    Message("invalid %(type)s value: %(value)r"),
    Message("ambiguous option: %(option)s could match %(matches)s"),
    Message("ignored explicit argument %r"),
    Message("not allowed with argument %s"),
    Message("expected one argument"),
    Message("expected at most one argument"),
    Message("expected at least one argument"),
    count_message("expected %s argument", "expected %s arguments", 2),
)
"""Everything that argparse may print, for `make translate`, which does not read argparse itself."""


def translate_argparse() -> None:
    """Make argparse look up its words in our translations.

    By default it asks gettext, which needs compiled files and might choose a different language from `core.language`.
    """
    vars(argparse).update(_=tr, ngettext=ntr)
