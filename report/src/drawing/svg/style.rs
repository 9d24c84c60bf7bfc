//! How pictures look.

/// For every picture, once a page. A page can set the colours: `--lh-edge`, `--lh-cycle`, `--lh-text`, `--lh-quiet`,
/// `--lh-node`, `--lh-node-edge`, `--lh-paper`; otherwise they follow its text. What comes first of each pair is for
/// viewers that know no variables.
pub(crate) const STYLE: &str = "\
.lh-graph text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;text-anchor:middle;\
fill:currentColor;fill:var(--lh-text,currentColor)}\
.lh-graph .lh-name{font-size:12px;font-weight:600}\
.lh-graph .lh-about{font-size:10px;fill:#6a737d;fill:var(--lh-quiet,#6a737d)}\
.lh-graph .lh-node rect{fill:#f6f8fa;fill:var(--lh-node,Canvas);stroke:#8c959f;stroke:var(--lh-node-edge,#8c959f);stroke-width:1}\
.lh-graph .lh-node.lh-cycle rect{stroke:#c4232b;stroke:var(--lh-cycle,#c4232b);stroke-width:2}\
.lh-graph .lh-line{fill:none;stroke:#57606a;stroke:var(--lh-edge,currentColor);stroke-width:1.2}\
.lh-graph .lh-head{fill:#57606a;fill:var(--lh-edge,currentColor)}\
.lh-graph .lh-edge{opacity:.72}\
.lh-graph .lh-edge.lh-cycle,.lh-graph .lh-edge:hover{opacity:1}\
.lh-graph .lh-cycle .lh-line{stroke:#c4232b;stroke:var(--lh-cycle,#c4232b);stroke-width:2.4}\
.lh-graph .lh-cycle .lh-head{fill:#c4232b;fill:var(--lh-cycle,#c4232b)}\
.lh-graph .lh-edge:hover .lh-line{stroke-width:3.4}\
.lh-graph .lh-count{font-size:11px;stroke:#fff;stroke:var(--lh-paper,Canvas);stroke-width:4px;stroke-linejoin:round;\
paint-order:stroke}\
.lh-graph .lh-count.lh-cycle{font-weight:700;fill:#c4232b;fill:var(--lh-cycle,#c4232b)}\
.lh-graph.lh-focus .lh-edge,.lh-graph.lh-focus .lh-count,.lh-graph.lh-focus .lh-node{opacity:.45}\
.lh-graph.lh-focus .lh-hot{opacity:1}\
.lh-graph .lh-hot .lh-line{stroke-width:4}\
.lh-graph .lh-node.lh-hot rect{stroke-width:3}\
.lh-graph .lh-caption{font-family:system-ui,sans-serif;font-size:12px;text-anchor:start;\
fill:#6a737d;fill:var(--lh-quiet,#6a737d)}";

/// For a picture that is a file of its own.
pub(super) const ALONE: &str = "\
.lh-graph{color:#1f2328;--lh-paper:#fff;--lh-node:#f6f8fa}\
.lh-graph .lh-paper{fill:#fff;fill:var(--lh-paper)}\
@media (prefers-color-scheme:dark){.lh-graph{color:#e6edf3;--lh-paper:#0d1117;--lh-node:#161b22;--lh-node-edge:#6e7681;\
--lh-cycle:#ff7b72;--lh-quiet:#9198a1;--lh-edge:#9198a1}}";
