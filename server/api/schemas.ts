/**
 * What each route takes and gives is said once, in zod: requests are checked by it, answers go out as it says and no
 * more, and the OpenAPI document shows it.
 */
import type { FastifyInstance, FastifySchema, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';
import { BadRequest } from '../bad-request.ts';
import { errors } from '../errors.ts';

/** Types of a route's parameters, body and answer come from its schemas. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

export type ApiInstance = ReturnType<typeof withSchemas>;

/** The routes that are registered on what this gives have zod schemas. */
export function withSchemas(app: FastifyInstance) {
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data) => {
    const parsed = schema.safeParse(data ?? (httpPart === 'body' ? undefined : {}));
    return parsed.success ? { value: parsed.data } : { error: badRequest(parsed.error) };
  });
  // Encoded by it as well: what is not in the document is not in the answer.
  app.setSerializerCompiler<z.ZodType>(
    ({ schema }) =>
      (data) =>
        JSON.stringify(schema.parse(data)),
  );
  return app.withTypeProvider<ZodTypes>();
}

/** Names what is wrong, and repeats nothing of what was sent. */
function badRequest({ issues }: z.ZodError): BadRequest {
  const said = issues.slice(0, 5).map(({ path, message, code }) => {
    // This one repeats the names of what was sent.
    const text = code === 'unrecognized_keys' ? 'has a field that is not known here' : message;
    return path.length > 0 ? `"${path.join('.')}": ${text}` : text;
  });
  const sentence = said.join('; ');
  return new BadRequest(sentence.endsWith('.') ? sentence : `${sentence}.`);
}

const errorBody = z.object({
  error: z.object({
    code: z.string().describe('As in docs/errors.md, or "bad-request" or "not-found".'),
    message: z.string(),
    statusCode: z.int().optional(),
    correlationId: z.string().describe('By which the log names this request.'),
  }),
});

/** Every route may say these. */
const failures = {
  '4XX': { description: 'Refused, with the reason.', content: jsonOf(asJsonSchema(errorBody, 'output')) },
  '5XX': {
    description: `Such as: ${errors.internal.reason}`,
    content: jsonOf(asJsonSchema(errorBody, 'output')),
  },
};

/** What @fastify/swagger understands, of a route's schemas. */
export function asOpenApi(schema: FastifySchema): FastifySchema {
  const { params, querystring, body, headers, response, ...about } = schema;
  const shown: FastifySchema = about;
  for (const [part, zod] of Object.entries({ params, querystring, headers })) {
    if (zod instanceof z.ZodType) Object.assign(shown, { [part]: asJsonSchema(zod, 'input') });
  }
  if (body) shown.body = partOf(body, 'input');
  const answers = Object.entries((response ?? {}) as Record<string, unknown>);
  shown.response = {
    ...Object.fromEntries(answers.map(([status, answer]) => [status, answerOf(answer)])),
    ...failures,
  };
  return shown;
}

function answerOf(answer: unknown): unknown {
  const description = answer instanceof z.ZodType ? answer.description : undefined;
  const part = partOf(answer, 'output');
  const content = hasContent(part) ? part.content : jsonOf(part);
  return { description: description ?? 'As asked.', content };
}

/** One schema, or one for each type of content. */
function partOf(part: unknown, io: 'input' | 'output'): unknown {
  if (part instanceof z.ZodType) return asJsonSchema(part, io);
  if (!hasContent(part)) return part;
  const content = Object.entries(part.content).map(([type, { schema }]) => [
    type,
    { schema: schema instanceof z.ZodType ? asJsonSchema(schema, io) : schema },
  ]);
  return { content: Object.fromEntries(content) };
}

function hasContent(part: unknown): part is { content: Record<string, { schema: unknown }> } {
  return typeof part === 'object' && part !== null && 'content' in part;
}

function asJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}

function jsonOf(schema: unknown) {
  return { 'application/json': { schema } };
}

/** A text that is no JSON, such as Markdown. */
export function textAs(type: string) {
  return { content: { [type]: { schema: z.string() } } };
}

export const bytes = {
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};
