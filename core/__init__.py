"""All of Trazo except the dashboard."""
