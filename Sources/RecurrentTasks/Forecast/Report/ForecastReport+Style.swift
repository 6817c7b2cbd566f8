extension ForecastReport {
  /// The page's rules: colours are named once for each theme.
  static let stylesheet = """
    :root{--paper:#f6f8fa;--card:#ffffff;--ink:#1f2328;--soft:#59636e;--edge:#d8dee4;
    --grid:#e9edf1;--axis:#8b949e;--history:#48525c;--good:#1a7f37;--bad:#bc4c00;--plain:#57606a;
    --m0:#0a66d8;--m1:#bf5a0f;--m2:#0f8a7e;--m3:#8250df;--m4:#bf3989;--m5:#7a7a00;--m6:#a40e26;
    --m7:#7f4f24;--m8:#6e7781;--backtest:#d9591c;
    font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
    color:var(--ink);background:var(--paper);line-height:1.5}
    @media (prefers-color-scheme:dark){:root{--paper:#0d1117;--card:#151b23;--ink:#e9eef3;
    --soft:#9aa5b1;--edge:#2b333d;--grid:#232a33;--axis:#6b7580;--history:#b7c0c9;--good:#4ac26b;
    --bad:#ff9a5c;--plain:#9aa5b1;--m0:#62a8ff;--m1:#f0a35e;--m2:#41c7b9;--m3:#b392f0;--m4:#f08cc0;
    --m5:#cfcb52;--m6:#ff8b8b;--m7:#d2a679;--m8:#8b949e;--backtest:#ff9a5c}}
    *{box-sizing:border-box}
    body{margin:0}
    main{max-width:1120px;margin:0 auto;padding:40px 24px 64px}
    h1{font-size:30px;line-height:1.2;letter-spacing:-.02em;margin:0 0 20px}
    h2{font-size:19px;letter-spacing:-.01em;margin:0 0 4px}
    h3{font-size:14px;color:var(--soft);font-weight:600;margin:20px 0 8px}
    section{margin-top:44px}
    .note{margin:0 0 12px;color:var(--soft);font-size:14px}
    .facts{display:flex;flex-wrap:wrap;gap:12px 24px;margin:0;padding:16px 20px;
    background:var(--card);border:1px solid var(--edge);border-radius:10px}
    .facts dt{font-size:12px;color:var(--soft)}
    .facts dd{margin:0;font-size:15px;font-weight:600;overflow-wrap:anywhere}
    .verdict{margin-top:16px;padding:14px 20px;background:var(--card);border:1px solid var(--edge);
    border-left:5px solid var(--plain);border-radius:10px}
    .verdict.good{border-left-color:var(--good)}
    .verdict.bad{border-left-color:var(--bad)}
    .verdict p{margin:0;font-weight:600}
    .verdict .small{font-size:14px;font-weight:400;color:var(--soft)}
    .verdict p+p{margin-top:4px}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:16px}
    figure{margin:0;padding:14px 14px 8px;background:var(--card);border:1px solid var(--edge);
    border-radius:10px;min-width:0}
    figcaption{font-size:13px;font-weight:600;margin:0 4px 6px;overflow-wrap:anywhere}
    figcaption:empty{display:none}
    svg{display:block;width:100%;height:auto}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 4px 8px;padding:0;
    font-size:13px;color:var(--soft)}
    section>.legend{margin:8px 0 12px}
    .legend i{display:inline-block;width:20px;height:0;border-top:3px solid;margin-right:7px;
    vertical-align:middle}
    .legend .history{border-color:var(--history);border-top-width:2px}
    .legend .backtest{border-color:var(--backtest);border-top-width:2px}
    .legend .forecast{border-color:var(--m0)}
    .legend .band{height:11px;border:0;background:var(--m0);opacity:.25}
    .table{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:10px;
    padding:6px 16px}
    table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
    table.narrow{max-width:720px}
    th,td{padding:7px 10px;text-align:right;white-space:nowrap;border-top:1px solid var(--grid)}
    thead th{border-top:0;color:var(--soft);font-size:12px;font-weight:600}
    th:first-child{text-align:left;padding-left:0}
    tbody th{font-weight:500}
    tr.model th,tr.model td{font-weight:700}
    td.bar{width:16%;min-width:90px}
    td.bar i{display:block;height:9px;border-radius:5px;background:currentColor;min-width:2px}
    .notes{margin:8px 0 0;padding-left:20px;font-size:14px}
    .notes .warning{color:var(--bad)}
    text{font-family:inherit;fill:var(--soft)}
    .label{font-size:12px}
    .end{text-anchor:end}
    .middle{text-anchor:middle}
    path{fill:none;stroke-linejoin:round;stroke-linecap:round}
    path.grid{stroke:var(--grid)}
    path.axis,path.origin{stroke:var(--axis)}
    path.origin{stroke-dasharray:2 4}
    path.history{stroke:var(--history);stroke-width:1.6}
    path.backtest{stroke:var(--backtest);stroke-width:1.8}
    path.forecast{stroke:var(--m0);stroke-width:2.4}
    path.band{fill:var(--m0);fill-opacity:.18;stroke:none}
    path.diagonal,.ideal .line{stroke:var(--axis);stroke-dasharray:4 4}
    .line{stroke:currentColor;stroke-width:1.5}
    circle{fill:currentColor}
    .model .line{stroke-width:2.6}
    .thin .line{stroke-width:1.3;stroke-opacity:.75}
    .faint{color:var(--axis)}
    .faint .line{stroke-width:1;stroke-opacity:.45}
    .ideal{color:var(--axis)}
    .legend .ideal{border-top-style:dashed;border-top-width:2px}
    .dot{color:var(--m0);fill-opacity:.6}
    .m0{color:var(--m0)}.m1{color:var(--m1)}.m2{color:var(--m2)}.m3{color:var(--m3)}
    .m4{color:var(--m4)}.m5{color:var(--m5)}.m6{color:var(--m6)}.m7{color:var(--m7)}
    .m8{color:var(--m8)}
    @media print{:root{background:#fff}figure,.table,.facts{break-inside:avoid}}
    """
}
