"""How a report looks, and the few lines of script that sort its tables. All is read without the script."""

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1f23; --dim: #57606a; --line: #d0d7de; --soft: #f4f6f8;
  --link: #0b57a4; --heat: 31, 95, 168; --s0: #1f5fa8; --s1: #b3500b; --s2: #1a7a45; --s3: #8a3fa0; --s4: #a32a3d; --s5: #4d5b66; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e8eaed; --dim: #a2adb8; --line: #3a424a;
  --soft: #1e2328; --link: #7db4f0; --heat: 110, 165, 225; --s0: #7db4f0; --s1: #f0a35e; --s2: #63c78e; --s3: #cf94e0;
  --s4: #f08090; --s5: #a9b6c0; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); margin: 0 auto;
  max-width: 70rem; padding: 1rem; overflow-wrap: anywhere; }
a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; background: var(--back); padding: .4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .3rem 0 .8rem; } h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem;
  padding-top: .8rem; border-top: 1px solid var(--line); } h3 { font-size: 1.05rem; margin: 0 0 .2rem; }
p { margin: .3rem 0; max-width: 46rem; } .verdict p { font-size: 1.1rem; margin: .5rem 0; }
.note, .dim { color: var(--dim); font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--dim); } dd { margin: 0; min-width: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; margin: 1rem 0 0; }
.blocks { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2rem 2.5rem; align-items: start; }
.wide { grid-column: 1 / -1; } .block { min-width: 0; margin: 0; }
.scroll { overflow-x: auto; max-width: 100%; margin-top: .4rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);
  min-width: 2.5rem; max-width: 26rem; } thead th { white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 400; } td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
tr.strong > * { font-weight: 650; } th button { font: inherit; color: inherit; background: none; border: 0; padding: 0;
  cursor: pointer; text-decoration: underline dotted; } .cell { white-space: nowrap; }
.cell.long { white-space: normal; min-width: 14rem; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.cell.lines { white-space: pre; }
.heat td, .heat th { padding: .35rem .7rem; border: 1px solid var(--line); } .heat td { text-align: right;
  background: rgba(var(--heat), var(--p)); font-variant-numeric: tabular-nums; } .heat td.right { font-weight: 650; }
.heat td { white-space: nowrap; } .heat thead th { white-space: normal; }
code { font-size: .9em; background: var(--soft); padding: 0 .2em; } pre code { font-size: inherit; padding: 0; }
pre { background: var(--soft); padding: .7rem .9rem; overflow-x: auto; font-size: .9rem; border-radius: 4px; }
.figure { display: block; width: 100%; max-width: 32rem; height: auto; font-size: 12px; margin-top: .4rem; }
.figure text { fill: var(--text); } .figure .axis { fill: var(--dim); } .grid { stroke: var(--line); stroke-width: 1; }
.line { fill: none; stroke: var(--c); stroke-width: 2; } .dashed { stroke-dasharray: 5 4; } .fill, .dot { fill: var(--c); }
.dot { fill-opacity: .65; } .mark { stroke: var(--dim); stroke-width: 1; } .span { stroke: var(--text); stroke-width: 2; }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); } .s4 { --c: var(--s4); }
.s5 { --c: var(--s5); } .s9 { --c: var(--dim); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .2rem 0 0; font-size: .9rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .6rem; }
@media (max-width: 48rem) { .blocks { grid-template-columns: minmax(0, 1fr); } body { font-size: 15px; }
  thead th, thead th.n { white-space: normal; overflow-wrap: normal; } .figure { font-size: 15px; } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .4rem; } }
@media print { nav, .skip { display: none; } body { max-width: none; font-size: 11pt; } .block { break-inside: avoid; }
  .scroll { overflow: visible; } .cell.long { -webkit-line-clamp: none; display: block; } }
"""

NOTEBOOK = ":scope { color: var(--text); background: var(--back); padding: 1rem; }\n"

SCRIPT = """
document.querySelectorAll("table.sorts thead th").forEach((head) => {
  const button = document.createElement("button");
  button.type = "button"; button.textContent = head.textContent;
  button.title = "Sort by " + head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "descending";
    const body = head.closest("table").tBodies[0];
    const of = (row) => row.cells[head.cellIndex].dataset.v ?? row.cells[head.cellIndex].textContent;
    const rows = [...body.rows].sort((a, b) => of(a).localeCompare(of(b), undefined, {numeric: true}));
    if (head.classList.contains("n")) rows.sort((a, b) => parseFloat(of(a) || "-Infinity") - parseFloat(of(b) || "-Infinity"));
    if (!down) rows.reverse();
    [...head.parentElement.cells].forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "ascending" : "descending");
    body.replaceChildren(...rows);
  });
});
"""
