"""The page of one sweep; its URL, /sweep?id=..., can be shared."""

from dashboard.session import address, sweeps
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.actions import confirm_deletion
from dashboard.sweeps.page import is_busy, show_sweep
from dashboard.sweeps.refresh import draw_and_refresh

sweep_id = address.value("id") or ""
to_delete = sweeps.sweep_to_delete()
draw_and_refresh(
    lambda: show_sweep(sweep_id),
    lambda: is_busy(sweep_id),
    sweep_cache.revision,
    paused=to_delete is not None,
)
# Opened outside the refreshing fragment, because Streamlit fails if a fragment with a timer opens a dialog.
if to_delete:
    confirm_deletion(to_delete)
