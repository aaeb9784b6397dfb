// The description of the HTTP interface that /openapi.json serves.

const errorAnswer = {
  description: 'Why not: ClickHouse code and name, a message, and the place in the statement',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
};
const parameter = (name: string, description: string, schema: object = { type: 'string' }) => ({
  name,
  in: 'query',
  description,
  schema,
});
const sqlParameters = [
  parameter('database', 'Database of names without one'),
  parameter('query_id', 'Id of the query in system.processes and KILL QUERY'),
  parameter('session_id', 'Session in which SET and temporary tables last'),
];
const rowsIn = {
  content: {
    'application/x-ndjson': { schema: { type: 'string' } },
    'text/csv': { schema: { type: 'string' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
};
const text = (description: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' } } },
});

const ingestOperation = (parameters: object[]) => ({
  summary: 'Rows in; answers when they are durable and visible',
  parameters: [
    ...parameters,
    parameter('format', 'Input format; JSONEachRow without it'),
    parameter('database', 'Database of the table'),
    parameter('token', 'Names the insert, so that a retry is not stored twice'),
    parameter('create', 'Infer and create the table when it is missing', { enum: ['0', '1'] }),
    parameter('on_error', 'What a row that does not fit does', {
      enum: ['fail', 'skip', 'quarantine'],
    }),
  ],
  requestBody: rowsIn,
  responses: {
    200: {
      description: 'Stored',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Ingested' } } },
    },
    default: errorAnswer,
  },
});

const schemas = {
  Error: {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        required: ['code', 'name', 'message'],
        properties: {
          code: { type: 'integer' },
          name: { type: 'string' },
          message: { type: 'string' },
          position: { type: 'integer', description: 'Code points from 0' },
          length: { type: 'integer' },
          line: { type: 'integer', description: 'From 1' },
          column: { type: 'integer', description: 'From 1' },
          hint: { type: 'string' },
        },
      },
    },
  },
  Query: {
    type: 'object',
    required: ['query'],
    additionalProperties: false,
    properties: {
      query: { type: 'string' },
      format: { type: 'string' },
      params: {
        description: 'Values of {name:Type} by name, or those of ? in their order',
        oneOf: [{ type: 'object' }, { type: 'array' }],
      },
      settings: { type: 'object' },
      database: { type: 'string' },
      query_id: { type: 'string' },
    },
  },
  Ingested: {
    type: 'object',
    properties: {
      table: { type: 'string' },
      rows: { type: 'integer' },
      rejected: { type: 'integer' },
      deduplicated: { type: 'integer' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            row: { type: 'integer' },
            column: { type: 'string' },
            code: { type: 'string' },
            message: { type: 'string' },
          },
        },
      },
    },
  },
};

export function openapi(version: string): object {
  const result = {
    200: { description: 'The result in the format asked for' },
    default: errorAnswer,
  };
  const sql = { content: { 'text/plain': { schema: { type: 'string' } } } };
  return {
    openapi: '3.1.0',
    info: { title: 'colonnade', version, description: 'A column store that speaks ClickHouse SQL' },
    paths: {
      '/query': {
        get: {
          summary: 'One statement that only reads',
          parameters: [parameter('query', 'The statement'), ...sqlParameters],
          responses: result,
        },
        post: {
          summary: 'One statement',
          parameters: [...sqlParameters, parameter('format', 'Output format; JSON without it')],
          requestBody: {
            content: {
              ...sql.content,
              'application/json': { schema: { $ref: '#/components/schemas/Query' } },
            },
          },
          responses: result,
        },
      },
      '/ingest': { post: ingestOperation([parameter('table', 'The table')]) },
      '/ingest/{table}': {
        post: ingestOperation([
          { name: 'table', in: 'path', required: true, schema: { type: 'string' } },
        ]),
      },
      '/': {
        post: {
          summary: "ClickHouse's HTTP interface",
          parameters: [parameter('query', 'First part of the statement'), ...sqlParameters],
          requestBody: sql,
          responses: {
            200: { description: 'The result' },
            default: text('Code: N. DB::Exception'),
          },
        },
      },
      '/ping': { get: { summary: 'Ok.', responses: { 200: text('Ok.') } } },
      '/replicas_status': { get: { summary: 'Ok.', responses: { 200: text('Ok.') } } },
      '/health': { get: { summary: 'Liveness', responses: { 200: { description: 'Alive' } } } },
      '/metrics': { get: { summary: 'Prometheus text', responses: { 200: text('Metrics') } } },
    },
    components: { schemas, securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
  };
}
