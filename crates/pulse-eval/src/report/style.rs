//! The page's style sheet.

/// Inlined into the page, which needs no other file. Colours keep a contrast of at least 4.5 on their ground, in
/// the light and the dark scheme.
pub(super) const STYLE: &str = "
:root{color-scheme:light dark;--ground:#fff;--text:#1d2430;--quiet:#5b6472;--line:#d9dee6;--soft:#f4f6f9;--accent:#1f6feb;--bar:#7fb0f5;--good:#1a7f37;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ground:#14181f;--text:#e6eaf0;--quiet:#a3adba;--line:#343c48;--soft:#1c222b;--accent:#78aef8;--bar:#315c99;--good:#57c278;--bad:#f08a80}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem 4rem;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.3rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}h3{font-size:1rem;margin:1.5rem 0 .4rem}
p{margin:.4rem 0}.quiet,figcaption{color:var(--quiet)}
nav{display:flex;flex-wrap:wrap;gap:.35rem 1rem;margin:1rem 0}a{color:var(--accent)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.3rem 0}
th,td{padding:.28rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th{white-space:normal;vertical-align:bottom;font-weight:600;color:var(--quiet)}
th:first-child,td:first-child,td.text,th.text{text-align:left}td.text{white-space:normal;min-width:9.5rem}
tr.ours td{font-weight:600}tr.apart td{color:var(--quiet)}
td.hit{background:color-mix(in srgb,var(--good) 18%,transparent)}td.miss{background:color-mix(in srgb,var(--bad) 14%,transparent)}
svg text{fill:var(--quiet);font:11px system-ui,sans-serif}svg .name{fill:var(--text)}
svg .frame{fill:none;stroke:var(--line)}svg .chance{stroke:var(--quiet);stroke-dasharray:2 4}svg .curve{fill:none;stroke:var(--accent);stroke-width:1.8}svg .dots{fill:var(--accent)}
svg .grid{stroke:var(--line)}svg .bar{fill:var(--bar)}svg .whisker{fill:none;stroke:var(--text);stroke-width:1.2}
.bars{width:100%;max-width:46rem;height:auto}.plots{display:flex;flex-wrap:wrap;gap:.5rem}.plot{width:13.5rem;height:13.5rem}
.case{border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem;margin:.6rem 0;background:var(--soft)}
.case dl{display:grid;grid-template-columns:5.5rem 1fr;gap:.15rem .6rem;margin:.3rem 0 0}.case dt{color:var(--quiet)}.case dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.case img{max-width:100%;max-height:34rem;margin-top:.5rem;border-radius:.25rem}
.columns{columns:2;column-gap:2.5rem}.columns>div{break-inside:avoid;padding-bottom:1.4rem}.columns h3{margin-top:0}.columns{margin-top:1rem}.columns table{width:100%}.columns td:first-child{white-space:normal}
small{display:block}@media(max-width:50rem){.columns{columns:1}}
";
