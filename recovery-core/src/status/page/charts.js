// Lines over the last five minutes, drawn from the samples that the program keeps.
const MINUTE = 60_000, LONGEST = 5 * MINUTE, SMOOTH = 5, WIDTH = 300, HEIGHT = 90;

function element(tag, attributes = {}, ...children) {
  const isSvg = ["svg", "path", "line"].includes(tag);
  const made = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

// Per second between samples some seconds apart, so that single seconds do not flicker.
function rates(samples, column) {
  return samples.map((sample, index) => {
    const before = samples[Math.max(0, index - SMOOTH)];
    const time = sample.at_ms - before.at_ms;
    const grown = sample.values[column] - before.values[column];
    const isKnown = sample.values[column] != null && before.values[column] != null && time > 0 && grown >= 0;
    return { at: sample.at_ms, value: isKnown ? grown * 1000 / time : null };
  });
}

function levels(samples, column) {
  return samples.map((sample) => ({ at: sample.at_ms, value: sample.values[column] }));
}

// A round number that is not below `value`.
function ceiling(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * size).find((step) => step >= value * 0.999);
}

// A line through points; where there is no value, it is broken.
function path(points, x, y) {
  let drawn = "", isOpen = false;
  for (const { at, value } of points) {
    if (value != null) drawn += `${isOpen ? "L" : "M"}${x(at)} ${y(value)}`;
    isOpen = value != null;
  }
  return drawn;
}

class Chart {
  // `series`: what is drawn, [word, column, is it a level]; `show`: how a value is written.
  constructor(title, series, unit, show) {
    Object.assign(this, { title, series, unit, show });
    this.heading = element("h2");
    this.value = element("b");
    this.unitText = element("small");
    this.legend = element("p", { class: "legend" });
    this.lines = series.map((_, index) => element("path", { class: `line s${index}` }));
    this.area = element("path", { class: "area s0" });
    const rule = (y) => element("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y });
    this.svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      rule(0), rule(HEIGHT / 2), rule(HEIGHT), this.area, ...[...this.lines].reverse());
    this.from = element("span"); this.most = element("span"); this.to = element("span");
    this.root = element("section", { class: "card chart", "data-chart": title }, this.heading,
      element("p", { class: "now" }, this.value, this.unitText), this.legend, this.svg,
      element("p", { class: "axis" }, this.from, this.most, this.to));
  }

  draw(samples, names, end) {
    // A program that is young needs no five minutes.
    const length = Math.min(LONGEST, Math.max(1, Math.ceil(end / MINUTE)) * MINUTE);
    const drawn = this.series.map(([, column, isLevel]) => (isLevel ? levels : rates)(samples, names.indexOf(column))
      .filter((point) => point.at >= end - length));
    const latest = drawn.map((points) => points.at(-1)?.value);
    const peaks = drawn.map((points) => points.reduce((most, { value }) => Math.max(most, value ?? 0), 0));
    const peak = Math.max(...peaks), top = ceiling(Math.max(1, peak * 1.05));
    const x = (at) => (WIDTH - (end - at) / length * WIDTH).toFixed(1);
    const y = (value) => (HEIGHT - value / top * HEIGHT).toFixed(1);
    drawn.forEach((points, index) => this.lines[index].setAttribute("d", path(points, x, y)));
    const known = drawn[0].filter((point) => point.value != null);
    this.area.setAttribute("d", known.length < 2 ? "" :
      `${path(known, x, y)}L${x(known.at(-1).at)} ${HEIGHT}L${x(known[0].at)} ${HEIGHT}Z`);
    const say = (value) => value == null ? "–" : this.show(value);
    const unit = this.unit ? word(this.unit) : "";
    this.heading.textContent = word(this.title);
    this.value.textContent = say(latest[0]);
    this.unitText.textContent = unit;
    // One line alone has its value above.
    const named = this.series.length > 1 ? this.series : [];
    this.legend.replaceChildren(...named.map(([name], index) => element("span", { class: `s${index}` },
      `${word(name)} `, element("b", {}, say(latest[index])))));
    this.from.textContent = ago(length);
    this.most.textContent = `${word("peak")} ${say(peak)}`;
    this.to.textContent = word("now");
    this.svg.setAttribute("aria-label", `${word(this.title)}: ` + this.series.map(([name], index) =>
      `${word(name)} ${say(latest[index])} ${unit}, ${word("peak")} ${say(peaks[index])}`).join("; "));
  }
}
