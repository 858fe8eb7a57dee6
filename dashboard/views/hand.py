"""The Your hand page: an exam, teaching, fine-tuning and its proof."""

import streamlit as st

from core.errors import TrazoError
from core.language import Message, tr
from dashboard.hands.chooser import show_chooser
from dashboard.hands.exam import show_exam
from dashboard.hands.fooling import show_fooling
from dashboard.hands.joining import show_membership
from dashboard.hands.teaching import show_teaching
from dashboard.hands.tuning import show_tuning
from dashboard.parts.headings import heading
from dashboard.session.classroom import is_student
from dashboard.session.hands import chosen_hand
from dashboard.session.permission import may_change, permission_note, safe_text

EXAM, TEACH = Message("1 Exam"), Message("2 Teach")
TUNE, FOOL = Message("3 Fine-tune and prove"), Message("3 Fool it")
STEPS = {EXAM: show_exam, TEACH: show_teaching, TUNE: show_tuning}
STUDENT_STEPS = {EXAM: show_exam, TEACH: show_teaching, FOOL: show_fooling}

student = is_student()
heading(
    Message("Your hand"),
    tr(
        "Find out how well the model reads your writing, teach it, and try to fool it. A hand is one person's "
        "handwriting."
    )
    if student
    else tr(
        "Find out how well the model reads your writing, teach it, and check that it really got better before you use "
        "it. A hand is one person's handwriting."
    ),
)
steps = STUDENT_STEPS if student else STEPS
if student:
    show_membership()
else:
    permission_note("hand")
if student or may_change():
    hand = chosen_hand() if student else show_chooser()
    step = st.segmented_control(
        tr("Step"),
        list(steps),
        format_func=tr,
        default=EXAM,
        required=True,
        key="hand_step",
        label_visibility="collapsed",
    )
    try:
        steps[step](hand)
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
    st.caption(
        tr(
            "What you write here is personal data. It stays on the teacher's computer until the teacher deletes your "
            "hand."
        )
        if student
        else tr(
            "What you write here is personal data. It stays on the machine that runs Trazo, in the folder personal/ "
            "of its workspace, until you delete the hand. Everybody who may change things here can use, export and "
            "delete it."
        )
    )
