/** Reads a recorded exchange with the real CivicPress (a curl line and its answer), and makes two answers comparable. */

export interface RecordedExchange {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  answer: Answer;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const COMMAND = /^\$ curl -i (?:-X (?<method>[A-Z]+) )?(?<path>\/\S*)(?<rest>.*)$/;
const HEADER = / -H (?<name>[A-Za-z-]+): (?<value>.*?)(?= -H | -d |$)/g;
const DATA = / -d (?<data>.*)$/;

export function readRecordedExchange(text: string): RecordedExchange {
  const [command = '', statusLine = '', ...lines] = text.split('\n');
  const { method = 'GET', path = '', rest = '' } = COMMAND.exec(command)?.groups ?? {};
  // Some answers have a blank line among their headers; Content-Length is always the last of them.
  const lastHeader = lines.findIndex((line) => line.startsWith('Content-Length:'));
  return {
    method,
    path,
    headers: Object.fromEntries(
      [...rest.matchAll(HEADER)].map(({ groups }) => [groups?.name, groups?.value]),
    ),
    body: DATA.exec(rest)?.groups?.data,
    answer: {
      status: Number(statusLine.split(' ')[1]),
      headers: Object.fromEntries(
        lines
          .slice(0, lastHeader + 1)
          .filter(Boolean)
          .map(splitHeader),
      ),
      body: lines
        .slice(lastHeader + 2)
        .join('\n')
        .trimEnd(),
    },
  };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** Numbers that no two runs share, by field. */
const VARYING_NUMBERS = new Set(['uptime', 'rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers']);

/**
 * What two runs have in common: every field, and every value but tokens, ids, times and numbers of the machine.
 *
 * Each of those becomes a name for its form, so that a time in another format is still a difference.
 */
export function comparable(body: string): unknown {
  const text = comparableText(body);
  return text.startsWith('{') ? JSON.parse(text, withoutVaryingNumbers) : text;
}

function withoutVaryingNumbers(key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return VARYING_NUMBERS.has(key) || (key === 'timestamp' && value > 1e12) ? '<number>' : value;
}

function comparableText(text: string): string {
  return (
    text
      .replace(/[0-9a-f]{64}\.[0-9a-f]{64}/g, '<token>')
      .replace(/record-\d+/g, '<record>')
      .replace(/"requestId":"[^"]+"/g, '"requestId":"<request>"')
      .replace(/"avatar_url":"https:[^"]+"/g, '"avatar_url":"<address>"')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<SQL time>')
      // The first creation time of a record is kept with or without milliseconds, by how it was published.
      .replace(/"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"/g, '"created_at":"<time>"')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time to the millisecond>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time to the second>')
  );
}
