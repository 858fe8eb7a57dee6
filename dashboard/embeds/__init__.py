"""Gradio and Netron, mounted beside the pages."""
