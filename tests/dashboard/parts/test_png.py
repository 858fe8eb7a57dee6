"""Images as HTML."""

from __future__ import annotations

import numpy as np

from dashboard.parts.png import image_html


def test_image_description_stays_in_its_attribute() -> None:
    html = image_html(np.zeros((28, 28), np.uint8), 280, 'una "imagen" <b>')

    assert html.startswith('<img alt="una &quot;imagen&quot; &lt;b&gt;" src="data:image/png;base64,')
