"""The page at `/docs`: one text without anything from elsewhere, so that it works where nothing else is reached."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A model</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #1a7f37; --bad: #b3261e; --face: #8881; }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
  h1 { margin: 0; font-size: 1.6rem; }
  h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
  p { margin: .25rem 0; }
  .dim { color: var(--dim); }
  code, pre, textarea { font: 13.5px/1.5 ui-monospace, Menlo, Consolas, monospace; }
  table { border-collapse: collapse; width: 100%; font-size: .93rem; }
  th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
  th { font-weight: 600; color: var(--dim); }
  .wide { overflow-x: auto; }
  textarea { width: 100%; min-height: 24rem; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; }
  pre { background: var(--face); padding: .75rem; border-radius: 6px; overflow-x: auto; margin: .5rem 0; min-height: 3rem; }
  #curl { white-space: pre-wrap; overflow-wrap: anywhere; }
  .try { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
  .try > * { min-width: 0; }
  @media (max-width: 44rem) { .try { grid-template-columns: 1fr; } }
  button { font: inherit; font-weight: 600; padding: .45rem 1.1rem; border-radius: 6px; border: 1px solid var(--line); cursor: pointer; }
  input { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 6px; width: 22rem; max-width: 100%; }
  .row { display: flex; gap: .75rem; align-items: center; flex-wrap: wrap; margin: .5rem 0; }
  .good { color: var(--good); } .bad { color: var(--bad); }
</style>
</head>
<body>
<h1 id="name">A model</h1>
<p class="dim" id="about">Asking the server …</p>
<form class="row" id="key" hidden>
  <label for="token">This server wants a token:</label>
  <input id="token" type="password" autocomplete="off"> <button>Go on</button>
</form>
<div id="all" hidden>
  <h2>Try it</h2>
  <p>A row as a JSON object, or several in an array. It is sent to <code>POST /predict</code>.</p>
  <div class="try">
    <div>
      <label class="dim" for="rows">Rows</label>
      <textarea id="rows" spellcheck="false"></textarea>
      <div class="row"><button id="send">Predict</button> <span class="dim">or Ctrl + Enter</span></div>
    </div>
    <div>
      <span class="dim">Answer</span> <span id="status"></span>
      <pre id="answer" aria-live="polite"></pre>
    </div>
  </div>
  <p class="dim">The same on a command line:</p>
  <pre id="curl"></pre>
  <h2>What goes in</h2>
  <div class="wide"><table><thead><tr><th>column</th><th>type</th><th>wanted</th><th>may be empty</th></tr></thead>
    <tbody id="inputs"></tbody></table></div>
  <h2>What comes out</h2>
  <div class="wide"><table><thead><tr><th>column</th><th>type</th><th>values</th></tr></thead>
    <tbody id="outputs"></tbody></table></div>
  <h2>Everything there is</h2>
  <div class="wide"><table><thead><tr><th>method</th><th>path</th><th>does</th></tr></thead>
    <tbody id="paths"></tbody></table></div>
</div>
<script>
"use strict";
const at = id => document.getElementById(id);
const base = location.pathname.replace(/docs$/, "");
const headers = () => at("token").value ? { Authorization: "Bearer " + at("token").value } : {};

function fill(id, rows) {
  at(id).replaceChildren(...rows.map(cells => {
    const row = document.createElement("tr");
    for (const cell of cells) {
      const place = document.createElement("td");
      place.textContent = cell;
      row.append(place);
    }
    return row;
  }));
}

function values(schema) {
  if (schema.enum) return schema.enum.join(", ");
  if (schema.type === "array") return "a list: " + (schema.items ? values(schema.items) : "");
  if (schema.minimum === 0 && schema.maximum === 1) return "0 to 1";
  return [].concat(schema.type).join(" or ");
}

async function open() {
  const reply = await fetch(base + "schema", { headers: headers() });
  if (reply.status === 401) {
    at("key").hidden = false;
    at("about").textContent = at("token").value ? "That is not the token." : "";
    return;
  }
  const schema = await reply.json();
  const api = await (await fetch(base + "openapi.json", { headers: headers() })).json();
  document.title = at("name").textContent = schema.name;
  at("about").textContent = "version " + schema.version + " · predicts " +
    [...new Set(schema.columns.output.map(each => each.column))].slice(0, 3).join(", ") +
    (schema.columns.output.length > 3 ? ", …" : "") + " from " + schema.columns.input.length + " columns";
  at("key").hidden = true;
  at("all").hidden = false;
  at("rows").value = JSON.stringify(schema.example.rows[0] || {}, null, 2);
  const token = at("token").value ? " -H 'Authorization: Bearer '\\"$CROSSTIE_TOKEN\\"" : "";
  at("curl").textContent = "curl " + location.origin + base + "predict" + token +
    " -H 'Content-Type: application/json' -d '" +
    JSON.stringify(schema.example.rows[0] || {}).replaceAll("'", "'\\\\''") + "'";
  fill("inputs", schema.columns.input.map(each => [
    each.column, each.type, schema.input.properties[each.column].description, each.nullable ? "yes" : "no"]));
  fill("outputs", schema.columns.output.map(each => [
    each.column, each.type, values(schema.output.properties[each.column])]));
  fill("paths", Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, what]) => [method.toUpperCase(), path, what.summary])));
}

async function send() {
  at("status").textContent = "…";
  const begun = performance.now();
  const reply = await fetch(base + "predict", {
    method: "POST", headers: { "Content-Type": "application/json", ...headers() }, body: at("rows").value });
  const text = await reply.text();
  at("status").textContent = reply.status + " · " + Math.round(performance.now() - begun) + " ms";
  at("status").className = reply.ok ? "good" : "bad";
  try {
    const found = JSON.parse(text);
    at("answer").textContent = found.problems
      ? [found.error, ...found.problems.map(each => "· " + each.message)].join("\\n")
      : JSON.stringify(found, null, 2);
  } catch { at("answer").textContent = text; }
}

at("key").addEventListener("submit", event => { event.preventDefault(); open(); });
at("send").addEventListener("click", send);
at("rows").addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
});
open();
</script>
</body>
</html>
"""
