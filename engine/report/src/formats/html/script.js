// What the page does: reads the findings out of the page itself, filters, groups and sorts them, and keeps in the document
// only the rows that can be seen, so that twenty thousand findings cost what twenty do.
//
// Nothing is fetched, stored or sent. Texts go into the document as text and never as markup.
"use strict";
(() => {
  const started = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const { findings, rules, commits, buckets } = data;
  const SEVERITIES = ["critical", "high", "medium", "low"];
  const VERDICTS = ["live", "dead", "unknown", "not-checked"];
  const ROW = 54, HEAD = 36, AROUND = 8;
  const $ = (id) => document.getElementById(id);
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // What is searched, in one lower-case text a finding.
  for (const finding of findings) {
    const rule = rules[finding.r];
    const parts = [rule.id, finding.t, rule.provider, finding.m, finding.f];
    for (const place of finding.p) {
      parts.push(place[0]);
      const commit = commits[place[2]];
      if (commit) parts.push(commit.id, commit.author, commit.email, commit.subject);
    }
    finding.text = parts.join("\n").toLowerCase();
  }

  const state = { q: "", sev: "", works: "", where: "", group: "credential", sort: "severity", bucket: "", rule: "" };
  const closed = new Set();
  let shown = [], rows = [], tops = [], active = -1, selected = null;

  const first = (finding) => finding.p[0] || ["", "", -1, 0];
  const author = (commit) => (commit ? [commit.author, commit.email && "<" + commit.email + ">"].filter(Boolean).join(" ") : "");

  // The groups that a finding is in: names, and what they are sorted by.
  const GROUPS = {
    credential: null,
    rule: (finding) => [[rules[finding.r].id, finding.t + " · " + rules[finding.r].id]],
    provider: (finding) => [[rules[finding.r].provider, rules[finding.r].provider]],
    file: (finding) => finding.p.map((place) => [place[1] || "-", place[1] || "(no file)"]),
    author: (finding) => finding.p.map((place) => {
      const name = author(commits[place[2]]);
      return [name || "-", name || "(not from a commit)"];
    }),
    commit: (finding) => finding.p.map((place) => {
      const commit = commits[place[2]];
      if (!commit) return ["-", "(not in a commit)"];
      return [commit.id, commit.id.slice(0, 12) + " · " + [(commit.date || "").slice(0, 10), commit.subject, commit.author].filter(Boolean).join(" · ")];
    }),
  };
  const SORTS = {
    severity: (a, b) => a.s - b.s || a.v - b.v || a.c - b.c || a.i - b.i,
    newest: (a, b) => (b.d || "").localeCompare(a.d || "") || a.i - b.i,
    oldest: (a, b) => (a.d || "~").localeCompare(b.d || "~") || a.i - b.i,
    places: (a, b) => b.n - a.n || a.i - b.i,
    file: (a, b) => first(a)[1].localeCompare(first(b)[1]) || a.i - b.i,
  };
  findings.forEach((finding, index) => { finding.i = index; });

  function passes(finding, words) {
    if (state.sev && !state.sev.split(",").includes(SEVERITIES[finding.s])) return false;
    if (state.works && state.works !== VERDICTS[finding.v]) return false;
    if (state.where === "now" && !finding.p.some((place) => place[3])) return false;
    if (state.where === "history" && finding.p.some((place) => place[3])) return false;
    if (state.rule && rules[finding.r].id !== state.rule) return false;
    return words.every((word) => finding.text.includes(word));
  }

  function update() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const wide = findings.filter((finding) => passes(finding, words));
    drawTimeline(wide);
    shown = state.bucket === "" ? wide : wide.filter((finding) => String(finding.b) === state.bucket);
    shown.sort(SORTS[state.sort] || SORTS.severity);
    layOut();
    tell();
    remember();
  }

  // The rows: findings, or heads of groups with the findings below them.
  function layOut() {
    rows = [];
    const grouping = GROUPS[state.group];
    if (!grouping) {
      for (const finding of shown) rows.push({ finding });
    } else {
      const groups = new Map();
      for (const finding of shown) {
        const seen = new Set();
        for (const [key, name] of grouping(finding)) {
          if (seen.has(key)) continue;
          seen.add(key);
          let group = groups.get(key);
          if (!group) groups.set(key, (group = { key, name, findings: [] }));
          group.findings.push(finding);
        }
      }
      const sorted = [...groups.values()].sort((a, b) => (a.key === "-") - (b.key === "-") || b.findings.length - a.findings.length || a.name.localeCompare(b.name));
      for (const group of sorted) {
        rows.push({ group });
        if (!closed.has(group.key)) for (const finding of group.findings) rows.push({ finding });
      }
    }
    tops = new Array(rows.length + 1);
    let top = 0;
    rows.forEach((row, index) => {
      tops[index] = top;
      top += row.group ? HEAD : ROW;
    });
    tops[rows.length] = top;
    $("space").style.height = top + "px";
    active = Math.min(active, rows.length - 1);
    drawn.clear();
    $("rows").replaceChildren();
    draw();
  }

  const drawn = new Map();
  const list = $("list");

  // The index of the row at a height, by halving.
  function rowAt(height) {
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle + 1] <= height) low = middle + 1; else high = middle;
    }
    return low;
  }

  function draw() {
    const from = Math.max(0, rowAt(list.scrollTop) - AROUND);
    const to = Math.min(rows.length, rowAt(list.scrollTop + list.clientHeight) + AROUND);
    for (const [index, node] of drawn) {
      if (index < from || index >= to) { node.remove(); drawn.delete(index); }
    }
    for (let index = from; index < to; index++) {
      if (drawn.has(index)) continue;
      const row = rows[index];
      const node = row.group ? drawGroup(row.group) : drawFinding(row.finding);
      node.id = "row-" + index;
      node.style.top = tops[index] + "px";
      node.dataset.index = index;
      node.setAttribute("role", "option");
      node.setAttribute("aria-setsize", rows.length);
      node.setAttribute("aria-posinset", index + 1);
      drawn.set(index, node);
      $("rows").append(node);
    }
    mark();
  }

  function mark() {
    for (const [index, node] of drawn) {
      node.setAttribute("aria-selected", index === active ? "true" : "false");
    }
    if (active >= 0) list.setAttribute("aria-activedescendant", "row-" + active);
    else list.removeAttribute("aria-activedescendant");
  }

  function drawGroup(group) {
    const node = make("div", "row group");
    node.append(make("span", "twist", closed.has(group.key) ? "▸" : "▾"), make("span", "name", group.name), make("span", "count", group.findings.length.toLocaleString("en")));
    return node;
  }

  function drawFinding(finding) {
    const node = make("div", "row finding " + SEVERITIES[finding.s]);
    const what = make("div", "what");
    what.append(make("span", "tag " + SEVERITIES[finding.s], SEVERITIES[finding.s]), make("span", "title", finding.t), make("code", "", finding.m));
    if (finding.v === 0) what.append(make("span", "tag live", "live"));
    if (finding.v === 1) what.append(make("span", "tag dead", "dead"));
    const where = make("div", "where");
    where.append(make("span", "path", first(finding)[0]));
    const more = finding.n - 1;
    if (more > 0) where.append(make("span", "", "+" + more.toLocaleString("en")));
    if (finding.d) where.append(make("time", "", finding.d.slice(0, 10)));
    node.append(what, where);
    return node;
  }

  function activate(index) {
    active = Math.max(0, Math.min(rows.length - 1, index));
    if (!rows.length) { active = -1; return; }
    const top = tops[active], bottom = tops[active + 1];
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    draw();
  }

  function open(index) {
    const row = rows[index];
    if (!row) return;
    if (row.group) {
      if (closed.has(row.group.key)) closed.delete(row.group.key); else closed.add(row.group.key);
      layOut();
    } else {
      selected = row.finding;
      drawDetail();
    }
  }

  function link(url, text) {
    const node = make("a", "", text);
    node.href = url;
    node.target = "_blank";
    node.rel = "noopener noreferrer";
    return node;
  }

  function drawDetail() {
    const panel = $("detail");
    panel.replaceChildren();
    panel.hidden = !selected;
    document.body.classList.toggle("open", Boolean(selected));
    if (!selected) return;
    const finding = selected, rule = rules[finding.r];
    const close = make("button", "close", "×");
    close.type = "button";
    close.title = "Close (Esc)";
    close.addEventListener("click", shut);
    panel.append(close, make("h2", "", finding.t));
    const facts = make("dl");
    const fact = (name, ...values) => {
      const kept = values.filter(Boolean);
      if (!kept.length) return;
      const value = make("dd");
      value.append(...kept);
      facts.append(make("dt", "", name), value);
    };
    fact("Credential", make("code", "", finding.m));
    fact("Severity", make("span", "tag " + SEVERITIES[finding.s], SEVERITIES[finding.s]), make("span", "", " · confidence " + data.confidences[finding.c]));
    fact("Works", make("span", "", VERDICTS[finding.v].replace("-", " ") + (finding.k ? ": " + finding.k : "")));
    for (const [name, value] of finding.o || []) fact(name, value);
    fact("Provider", rule.provider);
    fact("Rule", make("code", "", rule.id));
    fact("With", (finding.a || []).join("; "));
    fact("Why", (finding.w || []).join("; "));
    fact("Came in", finding.d ? finding.d.slice(0, 10) : "");
    fact("To do", finding.u && link(finding.u, "revoke it"), finding.u && finding.h ? " · " : "", finding.h && link(finding.h, "about it"));
    fact("Fingerprint", make("code", "", finding.f));
    panel.append(facts);
    if (finding.e) {
      const [text, from, to] = finding.e;
      const letters = [...text];
      const line = make("pre");
      line.append(letters.slice(0, from).join(""), make("mark", "", letters.slice(from, to).join("")), letters.slice(to).join(""));
      panel.append(line);
    }
    panel.append(make("h3", "", finding.n === 1 ? "One place" : finding.n.toLocaleString("en") + " places"));
    const places = make("ol");
    for (const place of finding.p) {
      const item = make("li", place[3] ? "now" : "");
      item.append(make("span", "path", place[0]));
      const commit = commits[place[2]];
      if (commit) item.append(make("small", "", [(commit.date || "").slice(0, 10), commit.subject, author(commit)].filter(Boolean).join(" · ")));
      places.append(item);
    }
    panel.append(places);
    if (finding.n > finding.p.length) panel.append(make("p", "quiet", "and " + (finding.n - finding.p.length).toLocaleString("en") + " more, in the JSON report"));
    panel.scrollTop = 0;
  }

  function shut() {
    selected = null;
    drawDetail();
    list.focus();
  }

  // The bars are in the page already; only their heights follow the filter.
  function drawTimeline(wide) {
    const chart = $("timeline");
    if (!chart) return;
    const counts = new Map();
    for (const finding of wide) {
      if (finding.b === undefined) continue;
      const key = finding.b + "/" + finding.s;
      counts.set(key, (counts.get(key) || 0) + 1);
    }
    const height = Number(chart.dataset.height), most = Number(chart.dataset.most) || 1;
    for (const column of chart.querySelectorAll("g[data-bucket]")) {
      let bottom = height;
      column.classList.toggle("chosen", state.bucket === column.dataset.bucket);
      for (const bar of column.querySelectorAll("rect[data-severity]")) {
        const count = counts.get(column.dataset.bucket + "/" + bar.dataset.severity) || 0;
        const size = (count / most) * height;
        bar.setAttribute("height", size.toFixed(2));
        bar.setAttribute("y", (bottom - size).toFixed(2));
        bottom -= size;
      }
    }
    chart.classList.toggle("narrowed", state.bucket !== "");
  }

  function tell() {
    const all = findings.length.toLocaleString("en");
    const some = shown.length.toLocaleString("en");
    let text = shown.length === findings.length ? all + (findings.length === 1 ? " finding" : " findings") : some + " of " + all + " findings";
    if (state.bucket !== "") text += ", came in " + buckets[Number(state.bucket)];
    if (state.rule) text += ", rule " + state.rule;
    $("told").textContent = text;
    $("empty").hidden = shown.length > 0;
    for (const chip of document.querySelectorAll("button[data-severity]")) {
      const on = !state.sev || state.sev.split(",").includes(chip.dataset.severity);
      chip.setAttribute("aria-pressed", on ? "true" : "false");
    }
    for (const bar of document.querySelectorAll("g[data-rule]")) bar.classList.toggle("chosen", bar.dataset.rule === state.rule);
    $("clear").hidden = !(state.q || state.sev || state.works || state.where || state.bucket || state.rule);
  }

  // The state stands in the address, so that a view can be passed on.
  const plain = { ...state };
  function remember() {
    const kept = Object.entries(state).filter(([name, value]) => value !== plain[name]);
    const hash = new URLSearchParams(kept).toString();
    try { history.replaceState(null, "", hash ? "#" + hash : "#"); } catch { /* some viewers do not allow it */ }
  }
  function recall() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of Object.keys(state)) state[name] = given.has(name) ? given.get(name) : plain[name];
    for (const name of ["q", "works", "where", "group", "sort"]) $(name).value = state[name];
    if (!$("group").value) { state.group = plain.group; $("group").value = plain.group; }
    if (!$("sort").value) { state.sort = plain.sort; $("sort").value = plain.sort; }
  }

  let waiting = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.q = $("q").value; update(); }, 80);
  });
  for (const name of ["works", "where", "group", "sort"]) {
    $(name).addEventListener("change", () => { state[name] = $(name).value; closed.clear(); list.scrollTop = 0; active = -1; update(); });
  }
  for (const chip of document.querySelectorAll("button[data-severity]")) {
    chip.addEventListener("click", () => {
      const on = new Set(state.sev ? state.sev.split(",") : []);
      if (on.has(chip.dataset.severity)) on.delete(chip.dataset.severity); else on.add(chip.dataset.severity);
      state.sev = on.size === SEVERITIES.length ? "" : SEVERITIES.filter((word) => on.has(word)).join(",");
      update();
    });
  }
  const choose = (node, name, value) => {
    const act = () => { state[name] = state[name] === value ? "" : value; list.scrollTop = 0; update(); };
    node.addEventListener("click", act);
    node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
  };
  for (const column of document.querySelectorAll("g[data-bucket]")) choose(column, "bucket", column.dataset.bucket);
  for (const bar of document.querySelectorAll("g[data-rule]")) choose(bar, "rule", bar.dataset.rule);
  $("clear").addEventListener("click", () => {
    Object.assign(state, plain, { group: state.group, sort: state.sort });
    for (const name of ["q", "works", "where"]) $(name).value = state[name];
    update();
  });

  list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", draw);
  $("rows").addEventListener("click", (event) => {
    const node = event.target.closest("[data-index]");
    if (!node) return;
    activate(Number(node.dataset.index));
    open(active);
  });

  const page = () => Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const KEYS = {
    ArrowDown: () => activate(active + 1),
    j: () => activate(active + 1),
    ArrowUp: () => activate(active - 1),
    k: () => activate(active - 1),
    PageDown: () => activate(active + page()),
    PageUp: () => activate(active - page()),
    Home: () => activate(0),
    End: () => activate(rows.length - 1),
    Enter: () => open(active),
    o: () => open(active),
    "/": () => $("q").focus(),
    g: () => {
      const names = Object.keys(GROUPS);
      $("group").value = names[(names.indexOf(state.group) + 1) % names.length];
      $("group").dispatchEvent(new Event("change"));
    },
    t: turn,
    "?": () => ($("keys").open ? $("keys").close() : $("keys").showModal()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      if (typing) list.focus(); else if (selected) shut();
      return;
    }
    if (typing || event.target.matches("button, a, g, summary") && (event.key === "Enter" || event.key === " ")) return;
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  function turn() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }
  $("theme").addEventListener("click", turn);
  $("help").addEventListener("click", KEYS["?"]);
  addEventListener("hashchange", () => { recall(); update(); });

  document.body.classList.add("alive");
  recall();
  update();
  document.documentElement.dataset.ready = (performance.now() - started).toFixed(0);
})();
