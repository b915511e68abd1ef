// `npm run check:documents`: every link and anchor of every Markdown document leads somewhere.

import { brokenLinks } from './broken-links.ts';
import { markdownDocuments } from './markdown.ts';

const broken = brokenLinks(await markdownDocuments());
if (broken.length > 0) {
  process.stderr.write(`${broken.join('\n')}\n`);
  process.exitCode = 1;
}
