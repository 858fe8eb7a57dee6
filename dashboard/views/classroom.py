"""The Class page, for the teacher: the address for joining, and the class's results while the students write."""

import streamlit as st

from core.errors import TrazoError
from core.language import Message, tr
from dashboard.hands.class_data import show_deletion
from dashboard.hands.class_link import show_join_address, students_address
from dashboard.hands.class_map import show_class_map
from dashboard.hands.class_model import show_class_model
from dashboard.hands.class_results import show_results
from dashboard.hands.fooling import show_fooling_scores
from dashboard.lessons.class_lessons import show_class_lessons
from dashboard.parts.headings import heading
from dashboard.parts.links import link
from dashboard.session.classroom import is_teacher
from dashboard.session.permission import safe_text

heading(Message("Class"), tr("See how well the model reads everyone's handwriting, while your students write."))
if not is_teacher():
    st.info(
        tr(
            "This page is for the teacher of a class. Start Trazo with `make class`, and open the teacher's link that "
            "it prints."
        ),
        icon=":material/school:",
    )
else:
    try:
        url = students_address(link("", full=True))
        show_join_address(url)
        hide_names = st.toggle(tr("Hide nicknames"), key="hide_nicknames")
        show_results(hide_names)
        show_class_map(hide_names)
        show_fooling_scores(hide_names)
        show_class_model(hide_names)
        show_class_lessons(url)
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
    show_deletion()
