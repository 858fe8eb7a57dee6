"""A student joins a class and the teacher sees them, on a dashboard below a prefix, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.personal.classroom import teacher_key
from core.workspace import Workspace
from tests.support.axe import load_axe, violations
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest
from tests.support.waiting import lasting


@pytest.fixture
def class_dashboard(tmp_path: Path) -> Iterator[DashboardProcess]:
    """A dashboard for a class, below a prefix, where cookies and redirects are harder to get right."""
    process = DashboardProcess(tmp_path, TRAZO_CLASSROOM="1", STREAMLIT_SERVER_BASE_URL_PATH="lab")
    process.url = f"{process.url}/lab"
    yield process
    process.stop()


def test_student_joins_and_the_teacher_sees_them(chromium: Browser, class_dashboard: DashboardProcess) -> None:
    url, key = class_dashboard.url, teacher_key(Workspace(class_dashboard.workspace))
    assert f"{url}/teacher?key={key}" in class_dashboard.output()
    student = chromium.new_page(base_url=f"{url}/")
    load_axe(student)
    student.goto("./")
    student.get_by_label("Nickname").fill("Blue Otter")
    assert lasting(lambda: violations(student)) == []
    student.get_by_role("button", name="Join").click()
    expect(student.get_by_role("button", name="Start the exam")).to_be_visible()
    expect(student).to_have_url(re.compile(r"/lab/hand\?me=[0-9a-f]{32}$"))

    student.reload()
    expect(student.get_by_role("button", name="Start the exam")).to_be_visible()
    student.get_by_role("link", name="Draw", exact=True).click()
    expect(student.get_by_role("heading", name="Trazo")).to_be_visible()
    expect(student).to_have_url(re.compile(r"/lab/\?me=[0-9a-f]{32}$"))
    student.goto("./classroom")
    expect(student.get_by_text("Join the class")).to_be_visible()
    expect(student.get_by_text("Blue Otter")).to_have_count(0)

    teacher = chromium.new_page(base_url=f"{url}/")
    load_axe(teacher)
    teacher.goto(f"./teacher?key={key}")
    expect(teacher).to_have_url(f"{url}/classroom")
    expect(teacher.get_by_text("Here so far: Blue Otter")).to_be_visible()
    at_rest(teacher)
    expect(teacher.get_by_test_id("stException")).to_have_count(0)
    assert lasting(lambda: violations(teacher)) == []
    student.close()
    teacher.close()
