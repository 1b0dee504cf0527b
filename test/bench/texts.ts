/** Honest texts that are long: a law, and single blocks of half a megabyte. In each the word "register" stands often. */

/** Sections of a hard-wrapped law with lists, a table now and then, emphasis and links. */
export function law(length: number): string {
  let text = '---\ntitle: Law\n---\n\n';
  for (let section = 1; text.length < length; section += 1) {
    text += `## Section ${section} *Scope*\n\n`;
    for (let paragraph = 1; paragraph <= 4; paragraph += 1) {
      text += `(${paragraph}) The authority named in section ${section + paragraph} shall keep a register of all\n`;
      text += `premises, the **use** of which is [regulated](https://example.org/${section}), and shall\n`;
      text += 'publish it once a year, without the names of persons, in the official journal.\n\n';
    }
    text +=
      '1.  a list of the premises,\n2.  their use, in so far as\n    it is permitted,\n3.  the date.\n\n';
    if (section % 10 === 0) text += '| Zone | Noise, dB |\n|------|-----------|\n| A    | 45        |\n\n';
  }
  return text;
}

const blockLength = 500_000;

/** What one parse cannot be spared by cutting the text into slices, or many definitions that all work from afar. */
export const bigBlocks: Record<string, () => string> = {
  'one table': () =>
    repeated(
      (row) => `| ${row} | register of zone ${row} | *noise* |\n`,
      '| No. | Name | Use |\n|---|:--|---|\n',
    ),
  'one tight list': () => repeated((item) => `- the *register* of zone ${item}\n`),
  'one loose list': () => repeated((item) => `* the *register* of zone ${item},\n  and its use.\n\n`),
  'one ordered list': () => repeated((item) => `${item}. the *register* of zone ${item}\n`),
  'one quote': () => repeated((line) => `> The register of zone ${line} is kept.\n`),
  'one paragraph': () => repeated((line) => `The register of zone ${line} is kept by the authority.\n`),
  'one code block': () =>
    fenced(
      repeated((line) => `const zone${line} = register(${line});\n`),
      '```',
    ),
  'one HTML block': () =>
    fenced(
      repeated((row) => `<p>register ${row}</p>\n`),
      '<div>',
      '</div>',
    ),
  '5,000 footnotes': () =>
    times(5_000, (note) => `The register[^${note}].\n\n`) +
    times(5_000, (note) => `[^${note}]: Note ${note}.\n`),
  '5,000 link definitions': () =>
    times(5_000, (link) => `The register of [zone ${link}].\n\n`) +
    times(5_000, (link) => `[zone ${link}]: https://example.org/${link}\n`),
};

function repeated(line: (number: number) => string, head = ''): string {
  let text = head;
  for (let number = 1; text.length < blockLength; number += 1) text += line(number);
  return text;
}

function fenced(text: string, start: string, end = start): string {
  return `${start}\n${text}${end}\n`;
}

function times(count: number, line: (number: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index + 1)).join('');
}
