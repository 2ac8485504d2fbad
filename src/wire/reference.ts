// The API reference page at /docs. Scalar, bundled in its package, so that it works offline. It is loaded when somebody
// first looks at it, into a framework of its own that is asked for what it answers: a start would wait 0.2 s for it.
import { createHash } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { HttpProblem } from './problem.js';

const SCRIPT = '/docs/js/scalar.js';
const PATHS = ['/docs', SCRIPT];

export function reference(app: FastifyInstance): void {
  let loading: Promise<FastifyInstance> | undefined;
  let script: { type: string; bytes: Buffer } | undefined; // kept: a copy for each who asks would be 4 MB
  for (const path of PATHS)
    app.get(path, { schema: { hide: true } }, async ({ url, host }, reply) => {
      // Scalar builds an address from it.
      if (!URL.canParse(`http://${host}`))
        throw new HttpProblem({
          http: 400,
          category: 'VALIDATION_ERROR',
          message: 'The Host header is not the name of a host',
        });
      if (path === SCRIPT && script) return reply.type(script.type).send(script.bytes);
      loading ??= scalarAlone();
      const scalar = await loading;
      const { statusCode, headers, payload, rawPayload } = await scalar.inject({ url, headers: { host } });
      const type = String(headers['content-type']);
      if (headers.location) return reply.redirect(headers.location, statusCode);
      if (type.startsWith('text/html')) {
        reply.header('content-security-policy', policy(payload));
        return reply.code(statusCode).type(type).send(forEverybody(payload));
      }
      if (path === SCRIPT && statusCode === 200) script = { type, bytes: rawPayload };
      return reply.code(statusCode).type(type).send(rawPayload);
    });
}

async function scalarAlone(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const app = fastify();
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Throughline API',
      withDefaultFonts: false,
      favicon: '/assets/icon.svg',
      // Long names of scopes, in a narrow window.
      customCss: '.operation-details li { overflow-wrap: anywhere }',
      // A token to paste.
      authentication: {
        preferredSecurityScheme: 'bearer',
        createAnySecurityScheme: true,
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', token: '' } },
      },
      // What would lead away from this server.
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
    } as never,
  });
  return app;
}

/** Says its language, and what to read where no script runs. */
function forEverybody(html: string): string {
  return html
    .replace('<html>', '<html lang="en">')
    .replace(
      '<body>',
      '$&<noscript><p>This page needs JavaScript. What it shows is in <a href="/openapi.json">openapi.json</a>; <a href="/">records and their timelines</a> need none.</p></noscript>',
    );
}

/** Scalar starts from an inline script and styles itself inline: that script is allowed by its hash, no other. */
function policy(html: string): string {
  const scripts = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => script as string,
  );
  const hashes = scripts
    .filter((script) => script !== '')
    .map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return `default-src 'self'; script-src 'self' ${hashes.join(' ')}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`;
}
