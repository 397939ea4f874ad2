/** One part of a report: what is seen, and in words what it says. */
export interface Section {
  readonly title: string;
  /** HTML below the title. */
  readonly body: string;
}

/** Text as HTML. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character]);
}

/** A paragraph of plain text. */
export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

/** A table of plain text, the first column naming its row; numbers stand at the right edge of their column. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  kind: 'numbers' | 'text' = 'numbers',
): string {
  const columns = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const line = ([name, ...cells]: readonly string[]) =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  return `<div class="wide"><table class="${kind}"><thead><tr>${columns}</tr></thead><tbody>${rows.map(line).join('\n')}</tbody></table></div>`;
}

/** A picture with the words below it; `alternative` is for those who cannot see it. */
export function figure(picture: string, alternative: string, caption: string): string {
  return `<figure><div class="wide" role="img" aria-label="${escapeHtml(alternative)}">${picture}</div><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/** A page in one file: no scripts, no fonts, nothing to load. */
export function page(title: string, lead: string, sections: readonly Section[]): string {
  const parts = sections.map(
    ({ title: heading, body }) => `<section>\n<h2>${escapeHtml(heading)}</h2>\n${body}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
${parts.join('\n')}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; background: #f6f7f9; color: #1d2430; font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 0 0 12px; }
h3 { font-size: 16px; margin: 20px 0 8px; }
p { margin: 0 0 12px; max-width: 70ch; }
.lead { font-size: 18px; color: #414b5a; }
section { background: #fff; border: 1px solid #dde1e7; border-radius: 8px; padding: 20px 24px; margin: 20px 0; }
figure { margin: 0 0 12px; }
figcaption { color: #414b5a; margin-top: 8px; max-width: 75ch; }
.wide { overflow-x: auto; }
svg { display: block; max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 0 6px 16px; border-bottom: 1px solid #e6e9ee; vertical-align: top; }
tr > :first-child { padding-left: 0; }
.numbers td, .numbers thead th:not(:first-child) { text-align: right; }
table + p, table + pre, .wide + p, .wide + pre { margin-top: 16px; }
tbody th { font-weight: 400; }
pre { background: #f0f2f5; border-radius: 6px; padding: 12px 14px; overflow-x: auto; font-size: 14px; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(138px, 1fr)); gap: 14px; margin: 0; padding: 0; list-style: none; }
.pairs li { font-size: 13px; line-height: 1.35; color: #414b5a; }
.pairs img { width: 64px; height: 64px; image-rendering: pixelated; background: #000; margin-right: 4px; }
@media print {
  body { background: #fff; }
  main { padding: 0; max-width: none; }
  section { border: 0; padding: 0; break-inside: avoid; }
}
`;
