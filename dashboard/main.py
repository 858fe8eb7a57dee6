"""The router of the Streamlit pages: sidebar, style and the current page."""

from pathlib import Path

import streamlit as st

from core.language import in_language, set_language_finder, tr
from dashboard.hands.joining import admit
from dashboard.runs.model_in_use import show_active_model, show_switch_notice
from dashboard.session import state
from dashboard.session.classroom import is_teacher, restore_own_hand
from dashboard.session.language import find_visitor_language, show_language_switch, visitor_language
from dashboard.session.sign_in import account
from dashboard.session.widget_words import translate_widgets

LOGO = Path(__file__).parent / "assets" / "logo.svg"

st.set_page_config(page_title="Trazo", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")

set_language_finder(visitor_language)
find_visitor_language()
page = st.navigation(
    [
        st.Page("views/learn.py", title=tr("Learn"), icon=":material/lightbulb:"),
        st.Page("views/draw.py", title=tr("Draw"), icon=":material/draw:", default=True),
        st.Page("views/inside.py", title=tr("Inside"), icon=":material/frame_inspect:"),
        st.Page("views/hand.py", title=tr("Your hand"), icon=":material/front_hand:"),
        st.Page(
            "views/classroom.py",
            title=tr("Class"),
            icon=":material/school:",
            visibility="visible" if is_teacher() else "hidden",
        ),
        st.Page("views/data.py", title=tr("Data"), icon=":material/grid_view:"),
        st.Page("views/train.py", title=tr("Train"), icon=":material/model_training:"),
        st.Page("views/sweeps.py", title=tr("Sweeps"), icon=":material/travel_explore:"),
        st.Page("views/sweep.py", title=tr("Sweep"), icon=":material/travel_explore:", visibility="hidden"),
        st.Page("views/runs.py", title=tr("Runs"), icon=":material/table_rows:"),
        st.Page("views/run.py", title=tr("Run"), icon=":material/table_rows:", visibility="hidden"),
        st.Page("views/evaluate.py", title=tr("Evaluate"), icon=":material/fact_check:"),
        st.Page("views/model.py", title=tr("Model"), icon=":material/account_tree:"),
        st.Page("views/gradio_demo.py", title=tr("Gradio demo"), icon=":material/widgets:"),
        st.Page("views/glossary.py", title=tr("Glossary"), icon=":material/menu_book:"),
    ]
)
restore_own_hand()
show_active_model()
with st.sidebar:
    account()
    show_language_switch()
    translate_widgets()
show_switch_notice(page.url_path)
# Looked up once: a page with a thousand trials or runs asks for the language ten thousand times.
with in_language(visitor_language()), state.script_run(page.url_path):
    if admit():
        page.run()
