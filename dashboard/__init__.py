"""The user interface: Streamlit pages, the Gradio demo, Netron and the HTTP API on one port."""
