/** What is written into the HTML of a page. */
export interface PageContent {
  readonly title: string;
  /** BCP 47. */
  readonly lang: string;
  readonly dir?: 'ltr' | 'rtl';
  /** The prefix of its files, relative to the page's own address: empty, or with a trailing slash. */
  readonly files: string;
  /** What the browser code needs to know, as JSON. */
  readonly config: object;
  /** What a preview of the page's address shows, for example in a chat. */
  readonly preview?: { readonly description: string; readonly siteName: string };
  /** For a browser without JavaScript. */
  readonly noScript?: string;
}

/** The HTML of a page. The browser code draws the rest. */
export function pageHtml({
  title,
  lang,
  dir = 'ltr',
  files,
  config,
  preview,
  noScript = 'This page needs JavaScript.',
}: PageContent): string {
  // As a data block, which is no code, so the content security policy allows it.
  const json = JSON.stringify(config).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="${escaped(lang)}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
${preview ? previewTags(title, preview) : ''}<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escaped(files)}app.css">
<script type="module" src="${escaped(files)}app.js"></script>
</head>
<body>
<div id="app"></div>
<noscript>${escaped(noScript)}</noscript>
<script type="application/json" id="page-config">${json}</script>
</body>
</html>
`;
}

/** The Open Graph protocol, which chats read. */
function previewTags(title: string, { description, siteName }: NonNullable<PageContent['preview']>): string {
  const tags = { 'og:type': 'website', 'og:title': title, 'og:description': description, 'og:site_name': siteName };
  const metas = Object.entries(tags).map(([name, text]) => `<meta property="${name}" content="${escaped(text)}">\n`);
  return `<meta name="description" content="${escaped(description)}">\n${metas.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
