"""Gradio and Netron, which are mounted beside the pages."""
