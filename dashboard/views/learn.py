"""The Learn page: short lessons that use Trazo itself; `/learn?lesson=4` opens one."""

from core.language import Message, tr
from dashboard.lessons import course
from dashboard.lessons.browser import keep_results
from dashboard.parts.headings import heading

heading(
    Message("Learn"),
    tr(
        "Short lessons of about five minutes. In each one you guess first, then try it on a real model, and measure "
        "the answer yourself."
    ),
)
page = course.current()
course.show(page)
keep_results(page)
