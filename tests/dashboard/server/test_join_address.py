"""A class gets the addresses that the dashboard listens on."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit import config

from dashboard.server import join_address


def set_options(monkeypatch: pytest.MonkeyPatch, host: str, prefix: str = "", certificate: str | None = None) -> None:
    options = {
        "browser.serverPort": 8501,
        "global.developmentMode": False,
        "server.address": host,
        "server.baseUrlPath": prefix,
        "server.sslCertFile": certificate,
    }
    for module in (st, config):
        monkeypatch.setattr(module, "get_option", options.__getitem__)


@pytest.mark.parametrize(
    ("host", "prefix", "students", "teacher"),
    [
        ("0.0.0.0", "", "http://192.0.2.7:8501", "http://127.0.0.1:8501/teacher?key=k"),
        ("", "", "http://192.0.2.7:8501", "http://127.0.0.1:8501/teacher?key=k"),
        ("10.0.0.5", "trazo", "http://10.0.0.5:8501/trazo", "http://10.0.0.5:8501/trazo/teacher?key=k"),
        ("127.0.0.1", "", "http://127.0.0.1:8501", "http://127.0.0.1:8501/teacher?key=k"),
        ("fe80::1", "", "http://[fe80::1]:8501", "http://[fe80::1]:8501/teacher?key=k"),
    ],
)
def test_links_contain_the_host_and_the_prefix(
    monkeypatch: pytest.MonkeyPatch, host: str, prefix: str, students: str, teacher: str
) -> None:
    set_options(monkeypatch, host, prefix)
    monkeypatch.setattr(join_address, "network_address", lambda: "192.0.2.7")

    assert join_address.join_address() == students
    assert join_address.teacher_address("k") == teacher


def test_links_use_https_if_the_server_has_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    set_options(monkeypatch, "lab.example.org", certificate="cert.pem")

    assert join_address.join_address() == join_address.local_address() == "https://lab.example.org:8501"
