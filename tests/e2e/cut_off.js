// Returns what does not fit into the window or into its place on the page.
() => {
  const found = [];
  const main = document.querySelector("[data-testid=stMain]");
  if (main.scrollWidth > main.clientWidth) {
    found.push("the page scrolls sideways");
  }
  for (const column of document.querySelectorAll("[data-testid=stColumn]")) {
    if (column.checkVisibility() && column.scrollWidth > column.clientWidth + 1) {
      found.push(`wider than its column: ${column.innerText.slice(0, 80)}`);
    }
  }
  for (const track of document.querySelectorAll(".trazo-answer .track")) {
    if (track.checkVisibility() && track.clientWidth < 20) {
      found.push("a bar without room");
    }
  }
  for (const frame of document.querySelectorAll(".st-key-gradio iframe")) {
    if (frame.contentDocument?.documentElement.scrollHeight > frame.clientHeight + 1) {
      found.push("higher than its frame");
    }
  }
  for (const chart of document.querySelectorAll("[data-testid=stVegaLiteChart] svg")) {
    const right = chart.getBoundingClientRect().right + 1;
    if (right > chart.closest("[data-testid=stVegaLiteChart]").getBoundingClientRect().right + 2) {
      found.push("a chart is wider than its place");
    }
    const texts = [...chart.querySelectorAll("text")].filter((text) => text.textContent && text.checkVisibility());
    const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [text, box] of boxes) {
      if (box.right > right) {
        found.push(`cut off in a chart: ${text}`);
      }
      const other = boxes.find(([, each]) => each.left > box.left && each.left < box.right && each.top === box.top);
      if (other) {
        found.push(`overlapping in a chart: ${text}, ${other[0]}`);
      }
    }
  }
  return found;
};
