// The API reference page at /docs. Scalar, bundled in its package, so that it works offline. It is loaded when somebody
// first looks at it, into a framework of its own that is asked for what it answers: a start would wait 0.2 s for it.
import { createHash } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { HttpProblem } from './problem.js';

const PATHS = ['/docs', '/docs/', '/docs/js/scalar.js'];

export function reference(app: FastifyInstance): void {
  let loading: Promise<FastifyInstance> | undefined;
  for (const path of PATHS)
    app.get(path, { schema: { hide: true } }, async ({ url, host }, reply) => {
      // Scalar builds an address from it.
      if (!URL.canParse(`http://${host}`))
        throw new HttpProblem({
          http: 400,
          category: 'VALIDATION_ERROR',
          message: 'The Host header is not the name of a host',
        });
      loading ??= scalarAlone();
      const scalar = await loading;
      const { statusCode, headers, payload } = await scalar.inject({ url, headers: { host } });
      const type = String(headers['content-type']);
      if (headers.location) return reply.redirect(headers.location, statusCode);
      if (type.startsWith('text/html')) reply.header('content-security-policy', policy(payload));
      return reply.code(statusCode).type(type).send(payload);
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
      favicon: 'data:,',
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
