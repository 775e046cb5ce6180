"""The look of the weekly report: one column on a screen, A4 on paper."""

STYLE = """
:root{--ink:#17212e;--soft:#5b6776;--line:#dfe4ea;--rise:#1f62b5;--fall:#a8471a}
*{box-sizing:border-box}
body{font:14px/1.45 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
color:var(--ink);background:#fff;max-width:900px;margin:2rem auto;padding:0 1rem;font-variant-numeric:tabular-nums}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:1.8rem 0 .4rem;border-bottom:2px solid var(--line);padding-bottom:.2rem}
h3{font-size:14px;margin:1rem 0 .2rem}p{margin:.3rem 0}.small{color:var(--soft);font-size:12px}
.warning{border-left:3px solid var(--fall);padding-left:.6rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:10px;margin:.8rem 0}
.tile{border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}.tile b{display:block;font-size:21px;font-weight:600}
.tile span{display:block;color:var(--soft);font-size:12px}.tile .name{color:var(--ink)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:12px;margin:.3rem 0}
th,td{padding:.28rem .45rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);vertical-align:bottom}th:first-child,td:first-child{text-align:left}
td small{display:block;color:var(--soft);font-size:11px}td:first-child{min-width:11rem;overflow-wrap:anywhere}
td{white-space:nowrap}td:first-child,.words{white-space:normal;text-align:left}td.words{min-width:13rem}
:lang(zh) th{white-space:nowrap}.tile span{word-break:keep-all}td svg{max-width:none}
.picture{float:left;width:28px;min-height:28px;margin-right:8px}.picture img{width:28px;height:28px;object-fit:contain;border-radius:4px}
.rise{color:var(--rise)}.fall{color:var(--fall)}.group td{font-weight:600}
svg{max-width:100%;height:auto;display:block}svg text{font-size:11px;fill:var(--soft)}
@page{size:A4;margin:14mm 13mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);font:9px sans-serif;color:#5b6776}}
@media print{body{max-width:none;margin:0;padding:0;font-size:9.5pt}h1{font-size:17pt}h2{font-size:12.5pt;margin-top:1.2rem}
table{font-size:8.5pt}td small,.small,.tile span{font-size:8pt}.tile b{font-size:14pt}.tiles{grid-template-columns:repeat(4,1fr)}
.wide{overflow:visible}thead{display:table-header-group}tr,p,.tile,svg{break-inside:avoid}
tr:nth-child(-n+3):not(:last-child){break-after:avoid}tr:nth-last-child(-n+3):not(:first-child){break-before:avoid}
h2,h3,h2+p{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
