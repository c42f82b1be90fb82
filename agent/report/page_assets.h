// The page's style and script, as they stand in it. Their hashes are in its Content-Security-Policy.
#pragma once

#include <string_view>

namespace sextant::report {

inline constexpr std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--ink:#1b2228;--quiet:#5b6670;--line:#d8dee3;--paper:#fff;--panel:#f5f7f8;
--bad:#b3261e;--bad-soft:#fdeceb;--warn:#8a5300;--warn-soft:#fdf3e1;--good:#1b6e3c;--good-soft:#e6f4ea;--note:#2f5d8a}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9ed;--quiet:#9aa6b0;--line:#333c44;--paper:#14191d;--panel:#1c2328;
--bad:#ff8a80;--bad-soft:#3a1d1b;--warn:#f2bd6b;--warn-soft:#352a17;--good:#7fd49b;--good-soft:#173023;--note:#8fbce6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline}
h1{font-size:1.35rem;margin:0}
h2{font-size:1.05rem;margin:2rem 0 .6rem}
.quiet{color:var(--quiet)}
.verdict{margin:1rem 0 0;padding:.7rem 1rem;border-left:4px solid;border-radius:4px;font-weight:600}
.verdict.good{color:var(--good);background:var(--good-soft)}
.verdict.warn{color:var(--warn);background:var(--warn-soft)}
.verdict.bad{color:var(--bad);background:var(--bad-soft)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem;border-top:1px solid var(--line)}
thead th{border-top:0;background:var(--panel);font-weight:600;font-size:.85rem;color:var(--quiet);white-space:nowrap}
td p{margin:.15rem 0}
code,.mono{font:13px/1.5 ui-monospace,monospace;overflow-wrap:break-word}
pre{margin:.4rem 0;padding:.6rem .8rem;background:var(--panel);border-radius:4px;overflow-x:auto;
font:13px/1.45 ui-monospace,monospace}
summary{cursor:pointer;color:var(--note)}
a{color:var(--note)}
.tag{display:inline-block;padding:0 .5rem;border-radius:99px;font-size:.82rem;font-weight:600;white-space:nowrap}
.critical,.blind{color:var(--bad);background:var(--bad-soft)}
.warning,.unknown,.starting{color:var(--warn);background:var(--warn-soft)}
.sees,.allow{color:var(--good);background:var(--good-soft)}
.info,.absent,.redirect,.auth{color:var(--quiet);background:var(--panel)}
@media(max-width:44rem){thead{display:none}tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}
tbody tr:first-child{border-top:0}td{display:block;border:0;padding:.25rem .75rem}td.empty{display:none}
td[data-head]::before{content:attr(data-head);display:block;font-size:.78rem;color:var(--quiet)}}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;font-size:.88rem}
)css";

// Findings are text of others (process names, manifests): what comes is parsed as a document in which no script runs.
inline constexpr std::string_view kPageScript = R"js(
'use strict';
(() => {
  const state = document.getElementById('live');
  let waiting = null, again = false;
  const renew = async () => {
    if (waiting) { again = true; return; }
    waiting = new Promise(done => setTimeout(done, 500));
    await waiting;
    try {
      const answer = await fetch('/', {headers: {Accept: 'text/html'}});
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('view');
      const view = document.getElementById('view');
      const open = new Set([...view.querySelectorAll('details[open]')].map(d => d.id));
      fresh.querySelectorAll('details').forEach(d => { d.open = open.has(d.id); });
      view.replaceWith(fresh);
      state.textContent = 'live';
    } catch {
      state.textContent = 'not connected: what you see is old';
    }
    waiting = null;
    if (again) { again = false; renew(); }
  };
  const watch = new EventSource('/api/v1alpha1/watch');
  for (const type of ['opened', 'updated', 'resolved', 'status']) watch.addEventListener(type, renew);
  watch.onopen = renew;
  watch.onerror = () => { state.textContent = 'not connected: what you see is old'; };
})();
)js";

}  // namespace sextant::report
