"""The look of the hosted pages."""

CSS = """
:root{color-scheme:light dark;
--page:light-dark(#f4f5f8,#101218);--card:light-dark(#fff,#1a1d26);
--text:light-dark(#1c2130,#eceef4);--soft:light-dark(#566074,#a3acbf);
--line:light-dark(#d5d9e2,#343947);--field:light-dark(#fff,#12141b);--edge:light-dark(#79839a,#6d7791);
--accent:light-dark(#4338ca,#a5b4fc);--on-accent:light-dark(#fff,#11132b);
--bad:light-dark(#a8071a,#ff9aa5);--bad-back:light-dark(#fff0f1,#3a1a20);
--good:light-dark(#0b6b3a,#7ee2ac);--good-back:light-dark(#e9f8ef,#12301f)}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:break-word;background:var(--page);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.banner{margin:0;padding:.65rem 1rem;background:#ffc43c;color:#281a00;font-weight:600;
text-align:center}
main{max-width:66rem;margin:0 auto;padding:2rem 1rem 4rem}
.narrow{max-width:34rem}
h1{font-size:1.1rem;font-weight:600;margin:0 0 .25rem;color:var(--soft)}
h2{font-size:1.1rem;margin:0 0 1rem;line-height:1.3}
.amount{font-size:2.6rem;font-weight:700;letter-spacing:-.02em;line-height:1.15;margin:0 0 1.25rem}
.soft{color:var(--soft)}
.small{font-size:.875rem}
a{color:var(--accent);text-underline-offset:.2em}
.back{display:inline-flex;align-items:center;min-height:2.75rem;margin-bottom:.5rem}
.columns{display:grid;grid-template-columns:minmax(0,1fr);gap:2rem}
@media(min-width:56rem){main{padding-top:3rem}
.columns{grid-template:"about pay" auto "tests pay" 1fr/minmax(0,5fr) minmax(0,6fr);gap:2rem 4rem}
.columns>.about{grid-area:about}.columns>form{grid-area:pay;align-self:start}
.columns>section{grid-area:tests}}
.card{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:1.25rem}
@media(min-width:30rem){.card{padding:1.75rem}}
.card+.card{margin-top:1.25rem}
.columns>.card{margin:0}
dl.lines{margin:0;display:grid;grid-template-columns:minmax(6.5rem,1fr) minmax(0,auto);gap:.5rem 0}
dl.lines dd{margin:0;padding-left:1rem;text-align:right;font-variant-numeric:tabular-nums}
dl.lines .total{border-top:1px solid var(--line);padding-top:.5rem;font-weight:700}
fieldset{border:0;padding:0;margin:0 0 1.25rem;min-width:0}
legend{padding:0;font-weight:600;margin-bottom:.5rem}
.options{border:1px solid var(--edge);border-radius:.6rem;overflow:hidden}
.option{display:flex;gap:.75rem;align-items:center;padding:.7rem .9rem;min-height:3rem;
cursor:pointer}
.option+.option,.typed+.option{border-top:1px solid var(--line)}
.option:has(:focus-visible){outline:3px solid var(--accent);outline-offset:-3px}
.option small,.option span span{color:var(--soft);font-size:.875rem;display:block}
input[type=radio],input[type=checkbox]{width:1.2rem;height:1.2rem;flex:none;margin:0;
accent-color:var(--accent)}
.typed{padding:.25rem .9rem 1rem}
.options:has(#card:not(:checked)) .typed{display:none}
.field{margin-bottom:.9rem}
.field label{display:block;font-weight:600;font-size:.925rem;margin-bottom:.25rem}
.field input{width:100%;font:inherit;color:inherit;background:var(--field);padding:.6rem .75rem;
min-height:2.75rem;border:1px solid var(--edge);border-radius:.5rem}
.field [aria-invalid=true]{border-color:var(--bad);border-width:2px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.9rem;align-items:start}
.pair label{white-space:nowrap}
.error{color:var(--bad);font-size:.9rem;font-weight:600;margin:.3rem 0 0}
.alert,.note{border-radius:.6rem;padding:.75rem 1rem;margin:0 0 1.25rem;border:1px solid}
.alert{color:var(--bad);background:var(--bad-back);font-weight:600}
.note{color:var(--good);background:var(--good-back)}
.alert:focus{outline:3px solid var(--bad);outline-offset:2px}
.check{display:flex;gap:.75rem;align-items:start;padding:.5rem 0;cursor:pointer}
button,.button{font:inherit;font-weight:600;border-radius:.6rem;padding:.7rem 1.1rem;
min-height:2.75rem;cursor:pointer;border:1px solid var(--edge);background:transparent;
color:inherit;text-decoration:none;display:inline-flex;align-items:center;justify-content:center}
.primary{background:var(--accent);color:var(--on-accent);border-color:transparent}
.wide{width:100%;font-size:1.05rem}
button:hover,.button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.row{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center}
.tests{list-style:none;margin:0;padding:0}
.tests li{display:grid;grid-template-columns:1fr auto;gap:.15rem 1rem;align-items:center;
padding:.6rem 0;border-top:1px solid var(--line)}
.tests li:first-child{border-top:0}
.tests code{font-size:1rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.tests a{grid-row:1/3;grid-column:2;padding:.5rem .9rem;min-height:2.5rem}
.tests span{color:var(--soft);font-size:.875rem}
summary{cursor:pointer;font-weight:600;min-height:2.75rem;display:list-item;padding:.5rem 0}
.number{text-align:right;font-variant-numeric:tabular-nums}
.badge{font-size:.8rem;font-weight:600;border:1px solid;border-radius:1rem;padding:.05rem .6rem;
color:var(--good);margin:0 .25rem}
.entry{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;padding:.9rem 0;
border-top:1px solid var(--line)}
.entry:first-of-type{border-top:0}
.entry>:first-child{flex:1 1 14rem;min-width:0}
.entry form{margin:0}
"""
