"""Gradio's HTML page, changed to work under any path prefix and in the visitor's language.

Gradio writes the URL of the request into the page. A proxy that strips a prefix hides the full URL from the server, so
the changed page uses the URL in the browser instead.

Gradio's page takes its language only from the browser, and `gr.I18n` would also change the API's labels. The changed
page has the language of its request, and translates the texts of the demo.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from core.catalogues import ENGLISH
from dashboard.embeds.gradio_result import page_texts
from dashboard.server.language import request_language

if TYPE_CHECKING:
    from starlette.requests import Request

_PAGE = "frontend/index.html"
_SCRIPT = """<script>
(() => {
  Object.defineProperty(navigator, "language", { value: {{ page_language(request) | toorjson }} });
  const texts = {{ page_translations(request) | toorjson }};
  const served = window.gradio_config.root;
  const shown = new URL(".", window.location.href).href.replace(/\\/$/, "");
  const move = (value, revive) => JSON.parse(JSON.stringify(value).replaceAll(served, shown), revive);
  const translate = (_name, value) => typeof value === "string" && Object.hasOwn(texts, value) ? texts[value] : value;
  window.gradio_config = move(window.gradio_config, translate);
  window.gradio_api_info = move(window.gradio_api_info);
})();
</script>
"""
_CHANGES = {
    'lang="en"': 'lang="{{ page_language(request) }}"',
    "<script data-gradio-mode>": f"{_SCRIPT}<script data-gradio-mode>",
    "const root = {{ config.get('root', '') | toorjson }};": "const root = window.gradio_config.root;",
    'href="/manifest.json"': 'href="./manifest.json"',
}


@cache
def patch_page_template() -> None:
    """Change the template of Gradio's page in this process; raise RuntimeError if the template is not as expected."""
    from gradio.routes import templates
    from jinja2 import ChoiceLoader, DictLoader

    loader = templates.env.loader
    assert loader is not None
    page = loader.get_source(templates.env, _PAGE)[0]
    for old, new in _CHANGES.items():
        if page.count(old) != 1:
            raise RuntimeError(
                f"Gradio's page has changed: it should contain {old!r} once. Install the version in requirements.txt."
            )
        page = page.replace(old, new)
    templates.env.globals.update(page_language=_language, page_translations=_translations)
    templates.env.loader = ChoiceLoader([DictLoader({_PAGE: page}), loader])


def _language(request: Request) -> str:
    return request_language(request.scope)


def _translations(request: Request) -> dict[str, str]:
    """Return the page's texts, keyed by the English texts that Gradio built it with."""
    return dict(zip(page_texts(ENGLISH), page_texts(_language(request)), strict=True))
