"""The router of the Streamlit pages: sidebar, style and the current page."""

from pathlib import Path

import streamlit as st

from dashboard.hands.joining import admit
from dashboard.runs.model_in_use import show_active_model, show_switch_notice
from dashboard.session import state
from dashboard.session.classroom import bring_own_hand_back, is_teacher
from dashboard.session.sign_in import account

ASSETS = Path(__file__).parent / "assets"
LOGO = ASSETS / "logo.svg"

st.set_page_config(page_title="Trazo", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")
st.html(ASSETS / "pages.css")

page = st.navigation(
    [
        st.Page("views/learn.py", title="Learn", icon=":material/lightbulb:"),
        st.Page("views/draw.py", title="Draw", icon=":material/draw:", default=True),
        st.Page("views/inside.py", title="Inside", icon=":material/frame_inspect:"),
        st.Page("views/hand.py", title="Your hand", icon=":material/front_hand:"),
        st.Page(
            "views/classroom.py",
            title="Class",
            icon=":material/school:",
            visibility="visible" if is_teacher() else "hidden",
        ),
        st.Page("views/data.py", title="Data", icon=":material/grid_view:"),
        st.Page("views/train.py", title="Train", icon=":material/model_training:"),
        st.Page("views/sweeps.py", title="Sweeps", icon=":material/travel_explore:"),
        st.Page("views/sweep.py", title="Sweep", icon=":material/travel_explore:", visibility="hidden"),
        st.Page("views/runs.py", title="Runs", icon=":material/table_rows:"),
        st.Page("views/run.py", title="Run", icon=":material/table_rows:", visibility="hidden"),
        st.Page("views/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
        st.Page("views/model.py", title="Model", icon=":material/account_tree:"),
        st.Page("views/gradio_demo.py", title="Gradio demo", icon=":material/widgets:"),
        st.Page("views/glossary.py", title="Glossary", icon=":material/menu_book:"),
    ]
)
bring_own_hand_back()
show_active_model()
with st.sidebar:
    account()
show_switch_notice(page.url_path)
with state.script_run(page.url_path):
    if admit():
        page.run()
