// The API reference page at /docs. Scalar, bundled in its package, so that it works offline.
import { createHash } from 'node:crypto';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './problem.js';

export async function reference(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', (request, _reply, done) => {
    // Scalar builds an address from it.
    if (!URL.canParse(`http://${request.host}`))
      throw new HttpProblem({
        http: 400,
        category: 'VALIDATION_ERROR',
        message: 'The Host header is not the name of a host',
      });
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html'))
      reply.header('content-security-policy', policy(payload));
    done(null, payload);
  });
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
