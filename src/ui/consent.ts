// The page where a person lets an app into a portal, or does not. A plain form that needs no script. Where an app or
// its address is not known nobody is sent anywhere.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asked, Fields, Grants } from '../access/grants.js';
import type { Portal, User } from '../access/store.js';
import { consentPage, unanswerablePage } from './forms.js';
import { HIDDEN, sendPage, type ViewOf } from './send.js';
import { MAX_FORM_BYTES, type SignIn } from './sign_in.js';

export interface ConsentOptions {
  grants: Grants;
  /** The portals that the person may choose from, the likeliest first; or the one of this id, if there is one. */
  portals: (id?: string) => Portal[];
  /** Who is signed in without having done so, as in `dev`; absent: people sign in. */
  person?: User;
  /** Consents without a page, for tests. */
  auto?: boolean;
}

type Authorize = { Params: { portalId?: string }; Querystring: Fields; Body: Fields | undefined };

const PATHS = ['/oauth/authorize', '/oauth/:portalId/authorize'];

export function consentRoutes(
  scope: FastifyInstance,
  viewOf: ViewOf,
  { grants, portals, person, auto }: ConsentOptions,
  session: SignIn,
): void {
  for (const path of PATHS) {
    // No HEAD: with `auto` it would consent.
    scope.get<Authorize>(path, { ...HIDDEN, exposeHeadRoute: false }, async (request, reply) => {
      const met = meet(request, reply);
      if ('answered' in met) return met.answered;
      const { asked, user, choices } = met;
      if (auto && choices[0]) return reply.redirect(await grants.approve(asked, choices[0].id, user), 302);
      const key = session.formKey(request, reply);
      const contents = { asked, portals: choices, user, key, ...(person ? {} : { again: request.url }) };
      return sendPage(reply, 200, consentPage(viewOf(request), contents), { formLeaves: true });
    });

    scope.post<Authorize>(path, { ...HIDDEN, bodyLimit: MAX_FORM_BYTES }, async (request, reply) => {
      session.checkFormKey(request);
      const met = meet(request, reply);
      if ('answered' in met) return met.answered;
      const { asked, user } = met;
      const { answer, portal } = request.body ?? {};
      if (answer !== 'allow') return reply.redirect(grants.decline(asked), 303);
      const { portalId = portal } = request.params;
      // Not only from those shown: there may be more of them.
      const [chosen] = typeof portal === 'string' && portal === portalId ? portals(portal) : [];
      if (!chosen) return unanswerable(request, reply, 'portal');
      return reply.redirect(await grants.approve(asked, chosen.id, user), 303);
    });
  }

  /** What is asked, of whom, and for which portals; or the answer, where it does not come to that. */
  function meet(
    request: FastifyRequest<Authorize>,
    reply: FastifyReply,
  ): { asked: Asked; user: User; choices: Portal[] } | { answered: FastifyReply } {
    const examined = grants.examine(request.query);
    if ('unanswerable' in examined) return { answered: unanswerable(request, reply, examined.unanswerable) };
    if ('sendTo' in examined) return { answered: reply.redirect(examined.sendTo, 302) };
    const user = person ?? session.person(request);
    if (!user) return { answered: session.ask(request, reply) };
    const { portalId } = request.params;
    const choices = portals(portalId);
    if (choices.length === 0) return { answered: unanswerable(request, reply, 'portal') };
    return { asked: examined.asked, user, choices };
  }

  function unanswerable(
    request: FastifyRequest,
    reply: FastifyReply,
    why: 'client' | 'redirectUri' | 'repeated' | 'portal',
  ): FastifyReply {
    return sendPage(reply, why === 'portal' ? 404 : 400, unanswerablePage(viewOf(request), why));
  }
}
