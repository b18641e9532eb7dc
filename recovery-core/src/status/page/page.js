// Asks the program each second, and shows what it answers. All text is set as text, never as markup.
const TONES = {
  healthy: "good", degraded: "warn", starting: "new", unhealthy: "bad", running: "good",
  connected: "good", connecting: "new", waiting: "warn", stopped: "off",
  closed: "good", half_open: "warn", open: "bad",
};
const KEPT = 600, EVERY = 1000, PATIENCE = 5000, NOTICES = 8, ALIKE = 3, SHARDS = 8, ROWS = 20;
const $ = (id) => document.getElementById(id);
const source = `${location.pathname.replace(/\/?$/, "/")}status.json`;
let report = null, samples = [], answered = 0, isAsking = false, isLost = false, areAllRows = false, charts = null, timer;

async function ask(after) {
  const answer = await fetch(`${source}?after=${after}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function update() {
  if (isAsking) return;
  clearTimeout(timer);
  isAsking = true;
  try {
    let next = await ask(samples.at(-1)?.number ?? 0);
    if (report && next.run !== report.run) {
      next = await ask(0); // it has been started anew, and counts from the beginning
      samples = []; charts = null;
    }
    const newest = samples.at(-1)?.number ?? 0;
    samples = [...samples, ...next.samples.latest.filter(({ number }) => number > newest)].slice(-KEPT);
    report = next; answered = performance.now(); isLost = false;
    show();
  } catch { // no answer, or one that is not understood
    isLost = true;
    show();
  } finally {
    isAsking = false;
    timer = setTimeout(update, EVERY);
  }
}

// Changes only what has changed, so that text can be selected.
function fill(node, children) {
  const isSame = (one, other) => one.cloneNode(false).isEqualNode(other.cloneNode(false));
  const wanted = children.filter(Boolean);
  wanted.forEach((child, index) => {
    const present = node.childNodes[index];
    if (!present) node.append(child);
    else if (!isSame(present, child)) present.replaceWith(child);
    else if (!present.isEqualNode(child)) fill(present, [...child.childNodes]);
  });
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
}

function show() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.body.classList.toggle("stale", isLost);
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  $("language").textContent = word("other");
  $("language").lang = language === "zh" ? "en" : "zh-CN";
  showLink();
  document.querySelector("main").hidden = !report;
  if (!report) return;
  const { program } = report;
  $("name").textContent = program.name;
  $("about").textContent = [program.version && `${word("version")} ${program.version}`, `${word("up")} ${span(program.up_ms)}`].filter(Boolean).join(" · ");
  showHealth();
  showCharts();
  fill($("cards"), cards(report));
  showRetries();
}

// Whether it is heard of, and since when not: by the browser's own stopwatch, as clocks differ.
function showLink() {
  $("lost").hidden = !isLost;
  const notice = !isLost ? "" : word(report ? "lost" : "never");
  if ($("lost-text").textContent !== notice) $("lost-text").textContent = notice; // read out once
  $("lost-for").textContent = isLost && report ? ago(performance.now() - answered) : "";
  $("link").textContent = isLost ? "" : word("live");
  $("link").hidden = isLost || !report;
}

function reasons() { return report.health?.reasons ?? []; }

// What a program is likely to report that shows its saves, too.
function isOfSaves({ component }) { return component === "state" && report.saves?.failing_for_ms != null; }

function isEmpty({ available, capacity }) { return available === 0 && capacity > 0; }

// What is wrong beside what the health checker finds.
function troubles() {
  const { errors, saves, breakers, budgets } = report;
  const trouble = (text, tone, for_ms) => ({ text, tone, for_ms });
  return [
    errors?.is_raised && trouble(word("tooMany")(number(errors.count), span(errors.window_ms)), "bad"),
    saves?.failing_for_ms != null && !reasons().some(isOfSaves) && trouble(word("savesFail"), "bad", saves.failing_for_ms),
    ...breakers.filter(({ state }) => state === "open").map(({ name }) => trouble(word("breakerOpen")(name), "bad")),
    ...budgets.filter(isEmpty).map(({ name }) => trouble(word("budgetEmpty")(name), "warn")),
  ].filter(Boolean);
}

// Words of the reader's language where there are some; else, and beside them, the program's own text.
function causeLines(cause) {
  const known = cause && word("causes")[cause.name];
  return cause ? [known, cause.text].filter(Boolean) : [];
}

function finding(reason) {
  const say = isOfSaves(reason) ? () => word("savesFail") : word("findings")[reason.kind];
  return { text: say ? say(reason) : reason.text, more: say ? causeLines(reason.cause) : [], tone: TONES[reason.counts_as], for_ms: reason.for_ms };
}

// Of many connections that are in the same way, the one that has been so for the longest stands for all.
function findings(reasons) {
  const isAlike = (one) => (other) => one.kind === other.kind && other.connection != null;
  return reasons.flatMap((reason) => {
    const alike = reason.connection == null ? [] : reasons.filter(isAlike(reason));
    if (alike.length <= ALIKE) return [finding(reason)];
    const longest = alike.reduce((one, other) => other.for_ms > one.for_ms ? other : one);
    const said = finding(longest);
    return reason === longest ? [{ ...said, text: said.text + word("andMore")(number(alike.length - 1)) }] : [];
  });
}

function notice({ text, more = [], tone, for_ms }) {
  const details = [for_ms == null ? null : `${word("since")} ${span(for_ms)}`, ...more].filter(Boolean).join(" · ");
  return element("li", { class: tone === "good" ? "off" : tone }, text, details ? element("small", {}, details) : null);
}

function showHealth() {
  const state = report.health?.state ?? "running", notices = [...findings(reasons()), ...troubles()];
  const tone = TONES[state] ?? "off";
  $("health").className = tone;
  if ($("state").textContent !== named("health", state)) $("state").textContent = named("health", state);
  const isReady = word(report.is_ready ? "ready" : "notReady");
  $("state-for").textContent = report.health ? `${word("since")} ${span(report.health.for_ms)} · ${isReady}` : isReady;
  const isWell = notices.length === 0 && report.is_ready;
  $("well").hidden = !isWell;
  fill($("reasons"), [...notices.slice(0, NOTICES).map(notice), notices.length > NOTICES && moreOf(notices.length - NOTICES)]);
  fill($("shards"), shards(report.shards));
  document.title = `${isLost ? "⚠ " : ""}${named("health", state)} · ${report.program.name}`;
  showIcon(isLost ? "off" : tone);
}

function moreOf(count) { return element("li", { class: "off" }, `+ ${number(count)} ${word("more")}`); }

// A few in full; of many those that are not connected, and each as a dot.
function shards(all) {
  const isConnected = ({ state }) => state === "connected";
  const isMany = all.length > SHARDS, away = all.filter((shard) => !isConnected(shard));
  const full = (isMany ? away.slice(0, SHARDS) : all).map(({ number, state, for_ms, cause }) =>
    element("li", { class: TONES[state] ?? "off", "data-shard": number }, `${word("shard")} ${number} `,
      element("strong", {}, named("shards", state)), element("small", {}, `${word("since")} ${span(for_ms)}`),
      ...causeLines(cause).map((line) => element("small", {}, line))));
  if (!isMany) return full;
  const count = `${number(all.length - away.length)} ${word("of")} ${number(all.length)} ${word("shardsConnected")}`;
  const dots = all.map(({ number, state }) => element("i", { class: TONES[state] ?? "off", title: `${word("shard")} ${number} ${named("shards", state)}` }));
  return [element("li", { class: `all ${away.length ? "warn" : "good"}` }, element("strong", {}, count), element("p", { class: "dots", "aria-hidden": "true" }, ...dots)),
    ...full, away.length > SHARDS && moreOf(away.length - SHARDS)];
}

// A dot of the state's colour, to be seen among many tabs.
function showIcon(tone) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(`--${tone === "off" ? "soft" : tone}`).trim();
  const icon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>`)}`;
  const link = document.querySelector("link[rel=icon]");
  if (link.getAttribute("href") !== icon) link.setAttribute("href", icon);
}

function showCharts() {
  const names = report.samples.series;
  if (!charts) {
    const has = (column) => names.includes(column);
    charts = [
      has("received") && new Chart("events", [["received", "received"], ["handled", "handled"]], "perSecond", rate),
      has("taken") && new Chart("replies", [["taken", "taken"], ["lostReplies", "lost"]], "perSecond", rate),
      new Chart("errorsChart", [has("errors") && ["errors", "errors"], ["retriesShort", "retries"]].filter(Boolean), "perSecond", rate),
      (has("in_hand") || has("waiting")) && new Chart("level", [has("in_hand") && ["in_hand", "in_hand", true], has("waiting") && ["waiting", "waiting", true]].filter(Boolean), "", number),
      has("memory") && report.program.memory_bytes != null && new Chart("memory", [["memory", "memory", true]], "", bytes),
    ].filter(Boolean);
    $("charts").className = `of-${charts.length}`;
    $("charts").replaceChildren(...charts.map((chart) => chart.root));
  }
  for (const chart of charts) chart.draw(samples, names, report.program.up_ms);
}

function card(title, ...content) {
  return element("section", { class: "card" }, element("h2", {}, title), ...content);
}

function row(label, value, id, tone, share) {
  return element("div", {}, element("dt", {}, label),
    element("dd", { "data-value": id, class: tone && `toned ${tone}` }, value == null ? word("noAnswer") : typeof value === "number" ? number(value) : value),
    share == null ? null : meter(share, tone));
}

function meter(share, tone) {
  const bar = element("i");
  bar.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return element("div", { class: `meter ${tone ?? ""}`, "aria-hidden": "true" }, bar);
}

// One that is fed by good calls can hold more than its reserve.
function levelOf({ available, capacity }) { return available > capacity ? available : `${number(available)} / ${number(capacity)}`; }

function cards({ events, replies, waiting, errors, breakers, budgets, counters, saves }) {
  const rows = (group, keys, data) => keys.map((key) => row(word(key), data[key], `${group}.${key}`));
  const made = [];
  if (errors) {
    const most = Math.max(1, ...errors.by_kind.map(({ count }) => count));
    const tone = errors.is_raised ? "bad" : "good";
    made.push(card(word("byKind"),
      element("p", { class: `note toned ${tone}` }, `${word(errors.is_raised ? "raised" : "calm")}: ${number(errors.count)} / ${number(errors.threshold)}, ${word("within")} ${span(errors.window_ms)}`),
      element("dl", {}, ...errors.by_kind.map(({ name, count }) => row(named("kinds", name), count, `kind.${name}`, null, count / most)), row(word("total"), errors.total, "errors.total")),
      errors.by_operation.length ? element("div", { class: "sub" }, element("h2", {}, word("byOperation")),
        element("dl", {}, ...errors.by_operation.slice(0, 8).map(({ name, count }) => row(name, count, `operation.${name}`)))) : null));
  }
  if (replies) made.push(card(word("replies"), element("dl", {},
    ...rows("replies", ["sent", "already_delivered", "pending", "kept", "failed", "dropped", "attempts"], replies),
    waiting == null ? null : row(word("waiting"), waiting, "waiting"))));
  if (events) made.push(card(word("events"), element("dl", {}, ...rows("events", ["received", "handled", "duplicates", "in_hand"], events))));
  if (breakers.length || budgets.length) made.push(card(word(breakers.length ? "breakers" : "budgets"),
    breakers.length ? element("dl", {}, ...breakers.map(({ name, state }) => row(name, named("breaker", state), `breaker.${name}`, TONES[state]))) : null,
    budgets.length ? element("div", { class: breakers.length ? "sub" : "" }, breakers.length ? element("h2", {}, word("budgets")) : null,
      element("dl", {}, ...budgets.map((budget) => row(budget.name, levelOf(budget), `budget.${budget.name}`, isEmpty(budget) ? "warn" : null, budget.available / Math.max(1, budget.capacity))))) : null));
  if (saves) {
    const isFailing = saves.failing_for_ms != null;
    made.push(card(word("saves"),
      isFailing ? element("p", { class: "note toned bad" }, `${word("failing")} ${span(saves.failing_for_ms)}`) : null,
      element("dl", {}, row(word("written"), saves.saves, "saves.saves"),
        row(word("last"), saves.last_for_ms == null ? word("neverSaved") : ago(saves.last_for_ms), "saves.last"),
        row(word("size"), `${number(saves.last_bytes / 1024, 1)} KiB`, "saves.size"),
        row(word("unsaved"), word(saves.has_unsaved_changes ? "yes" : "no"), "saves.unsaved"))));
  }
  if (counters.length) made.push(card(word("counters"), element("dl", {}, ...counters.map(({ name, count }) => row(name, count, `counter.${name}`)))));
  return made;
}

// Those that gave up most are the first: of hundreds, who reads on?
function showRetries() {
  const sites = [...report.retries].sort((one, other) => other.gave_up - one.gave_up || other.retries - one.retries);
  document.querySelector("#retries table").hidden = sites.length === 0;
  document.querySelector("#retries .none").hidden = sites.length > 0;
  $("all").hidden = sites.length <= ROWS;
  $("all").textContent = areAllRows ? word("fewer") : `${word("all")} (${number(sites.length)})`;
  $("all").setAttribute("aria-expanded", areAllRows);
  fill(document.querySelector("#retries tbody"), (areAllRows ? sites : sites.slice(0, ROWS)).map((site) => {
    const why = site.reasons.map(({ name, count }) => `${named("reasons", name)} ${number(count)}`).join(" · ");
    const cell = (key, value) => element("td", { role: "cell", "data-label": word(key) }, value);
    return element("tr", { role: "row", "data-site": site.name }, element("th", { role: "rowheader", scope: "row" }, site.name, why ? element("small", {}, why) : null),
      cell("retriesShort", number(site.retries)), cell("recovered", number(site.recovered)), cell("gaveUp", number(site.gave_up)), cell("waited", span(site.waited_ms)));
  }));
}

$("all").addEventListener("click", () => { areAllRows = !areAllRows; show(); });
$("language").addEventListener("click", () => { speak(language === "zh" ? "en" : "zh"); show(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) update(); });
update();
