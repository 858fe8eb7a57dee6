"""Gradio's HTML page, changed to work under any path prefix.

Gradio writes the address of the request into the page. A proxy that strips a prefix hides the full address from the
server, so the changed page uses the address in the browser instead.
"""

from __future__ import annotations

from functools import cache

_PAGE = "frontend/index.html"
_USE_OWN_ADDRESS = """<script>
(() => {
  const served = window.gradio_config.root;
  const shown = new URL(".", window.location.href).href.replace(/\\/$/, "");
  const move = (value) => JSON.parse(JSON.stringify(value).replaceAll(served, shown));
  window.gradio_config = move(window.gradio_config);
  window.gradio_api_info = move(window.gradio_api_info);
})();
</script>
"""
_CHANGES = {
    "<script data-gradio-mode>": f"{_USE_OWN_ADDRESS}<script data-gradio-mode>",
    "const root = {{ config.get('root', '') | toorjson }};": "const root = window.gradio_config.root;",
    'href="/manifest.json"': 'href="./manifest.json"',
}


@cache
def use_own_address() -> None:
    """Change the template of Gradio's page in this process; raise RuntimeError if it is an unknown version."""
    from gradio.routes import templates
    from jinja2 import ChoiceLoader, DictLoader

    loader = templates.env.loader
    assert loader is not None
    page = loader.get_source(templates.env, _PAGE)[0]
    for old, new in _CHANGES.items():
        if page.count(old) != 1:
            raise RuntimeError(
                f"Gradio's page has changed: expected {old!r} in it once. Install the version in requirements.txt."
            )
        page = page.replace(old, new)
    templates.env.loader = ChoiceLoader([DictLoader({_PAGE: page}), loader])
