// HubSpot's form submissions: a form says who the visitor is. No form needs to be defined first: each is taken whose
// id has the shape of one. Errors have HubSpot's own shape for forms, errors[{message, errorType}].
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { FORMS } from '../access/scopes.js';
import type { AccessStore } from '../access/store.js';
import { isAddress } from '../records/address.js';
import type { Definitions } from '../records/definitions.js';
import { emailFault, NOT_KEPT, nameFault, type Subject, UNKEEPABLE, unknownIn } from '../records/identity.js';
import { MAX_VALUE_CHARS, type ValueFault } from '../records/properties.js';
import { OWN_PROPERTIES, PROPERTY_NAME, type PropertyValue, type RecordStore } from '../records/record.js';
import { brief, Refusal } from '../refusal.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { LOST_DIGITS, losesDigits } from './json.js';
import { anyOneOf, operations } from './openapi.js';
import { HttpProblem, sentOnce } from './problem.js';
import type { FormSubmission } from './schemas/people.js';

export interface FormRoutes {
  store: RecordStore & AccessStore;
  definitions: Definitions;
  authenticator: Authenticator;
  clock: () => number;
}

const MAX_FORM_FIELDS = 1_000;
const OLDEST_SUBMISSION_MS = 31 * 24 * 3_600_000;
const CLOCK_SKEW_MS = 3_600_000;
const CONTACTS = '0-1';
/** As HubSpot's forms name their fields, such as 0-2/name. */
const NAME_WITH_TYPE = /^(\d{1,9}-\d{1,15})\/(.+)$/s;
const FORM_ID = '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';

const MAX_FORM_BYTES = 1024 * 1024;
const form = { bodyLimit: MAX_FORM_BYTES, ...sentOnce('fields') };

const FormParams = Type.Object({
  portalId: Type.String({ pattern: '^\\d{1,15}$', description: "The portal's id." }),
  formGuid: Type.String({ pattern: FORM_ID, description: "The form's id, a UUID." }),
});
type Submit = { Params: Static<typeof FormParams>; Body: Static<typeof FormSubmission> };

interface FormFault {
  message: string;
  errorType: string;
}

export function formRoutes(
  app: FastifyInstance,
  { store, definitions, authenticator, clock }: FormRoutes,
): void {
  const doc = (operationId: string, summary: string, security: ReturnType<typeof anyOneOf>) => ({
    ...operations('Forms', security)(operationId, summary),
    description:
      'Finds or creates the contact by the field email, else by the visitor; sets its properties; the visitor is that contact from now on.',
    params: FormParams,
    body: Type.Ref('FormSubmission'),
    response: { 200: Type.Ref('FormSubmissionAnswer') },
  });

  app.register(async (open) => {
    open.setErrorHandler(inShape);
    open.addHook('onRequest', allowAnyOrigin);
    open.options<{ Params: Static<typeof FormParams> }>(
      PUBLIC,
      { schema: { hide: true } },
      (_request, reply) => reply.code(204).send(),
    );
    open.post<Submit>(PUBLIC, { ...form, schema: doc('submitForm', 'Submit a form', []) }, submit);
  });
  app.register(async (secure) => {
    secure.setErrorHandler(inShape);
    secure.post<Submit>(
      '/submissions/v3/integration/secure/submit/:portalId/:formGuid',
      {
        onRequest: authenticator.token(FORMS),
        ...form,
        schema: doc('submitFormSecurely', 'Submit a form, with a token', anyOneOf(FORMS)),
      },
      async (request) => {
        const { portal } = principalOf(request);
        if (String(portal.id) !== request.params.portalId) throw noPortal(request.params.portalId);
        return submit(request);
      },
    );
  });

  async function submit(request: FastifyRequest<Submit>) {
    const { portalId, formGuid } = request.params;
    const portal = store.portal(Number(portalId));
    if (!portal) throw noPortal(portalId);
    const now = clock();
    const { subject, values, visit, at } = read(request.body, formGuid, now);
    const faults: FormFault[] = [];
    const properties = values.flatMap(([name, sent]): PropertyValue[] => {
      const value = definitions.value(portal.id, 'contacts', { name, value: sent, at }, unknownIn(portal));
      if (!('code' in value)) return [value];
      faults.push(value.code === 'PROPERTY_DOESNT_EXIST' ? unknownField(name) : unfitField(value));
      return [];
    });
    if (faults.length > 0) throw badForm(faults);
    const contact = await store.identify({ portalId: portal.id, subject, properties, visit, at: now });
    if (contact instanceof Refusal) throw refusedForm(contact);
    return { inlineMessage: 'Thanks for submitting the form.' };
  }
}

const PUBLIC = '/submissions/v3/integration/submit/:portalId/:formGuid';

/** A form is sent from the integrator's own pages. */
function allowAnyOrigin(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.headers({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'Content-Type',
  });
  done();
}

function read(body: Static<typeof FormSubmission>, formGuid: string, now: number) {
  const { fields, submittedAt, context } = body;
  const faults: FormFault[] = [];
  const fault = (path: string, message: string, errorType: string) =>
    faults.push({ message: `Error in '${path}'. ${message}`, errorType });

  if (fields.length > MAX_FORM_FIELDS)
    fault('fields', `${fields.length} fields; at most ${MAX_FORM_FIELDS} are taken`, 'INPUT_TOO_LARGE');
  const subject: Subject = { type: 'contacts', unknown: 'create', identifies: true };
  const values: [string, string][] = [];
  const others: typeof fields = [];
  for (const field of fields.slice(0, MAX_FORM_FIELDS)) {
    const [, typeInName, ownName] = NAME_WITH_TYPE.exec(field.name) ?? [];
    const name = ownName ?? field.name;
    const objectTypeId = field.objectTypeId ?? typeInName;
    const value = String(field.value);
    const path = `fields.${brief(field.name)}`;
    if ((objectTypeId ?? CONTACTS) !== CONTACTS) {
      others.push(field);
    } else if (losesDigits(field.value)) {
      fault(path, `It ${LOST_DIGITS}`, 'INVALID_NUMBER');
    } else if (value.length > MAX_VALUE_CHARS) {
      fault(path, `${value.length} characters; at most ${MAX_VALUE_CHARS} are taken`, 'INPUT_TOO_LARGE');
    } else if (UNKEEPABLE.test(value)) {
      fault(path, `It ${NOT_KEPT}`, 'INVALID_TEXT');
    } else if (name === 'email') {
      const wrong = emailFault(value);
      if (wrong) fault(path, `Invalid email address: ${wrong}`, 'INVALID_EMAIL');
      subject.email = value;
    } else if (OWN_PROPERTIES.has(name) || !PROPERTY_NAME.test(name)) {
      faults.push(unknownField(field.name));
    } else {
      values.push([name, value]);
    }
  }
  if (context?.hutk) {
    const wrong = nameFault(context.hutk);
    if (wrong) fault('context.hutk', `The hutk ${wrong}`, 'INVALID_HUTK');
    subject.utk = context.hutk;
  }
  if (context?.pageUri && !isAddress(context.pageUri))
    fault('context.pageUri', 'It is not a URL', 'INVALID_PAGE_URI');
  const at = submittedAt == null ? now : Number(submittedAt);
  if (!Number.isInteger(at) || at < now - OLDEST_SUBMISSION_MS || at > now + CLOCK_SKEW_MS)
    fault('submittedAt', 'Send epoch milliseconds of the last month', 'INVALID_SUBMITTED_AT');
  if (subject.email === undefined && subject.utk === undefined && values.length === 0)
    fault('fields.email', 'Required field is missing: send an e-mail, or context.hutk', 'REQUIRED_FIELD');
  if (faults.length > 0) throw badForm(faults);
  return {
    subject,
    values,
    at: Math.min(at, now),
    visit: JSON.stringify({
      formGuid,
      submittedAt: at,
      context: plain(context ?? {}),
      fields: others.map(plain),
    }),
  };
}

/** The texts, numbers and flags of an object: HubSpot has nothing else there, and depth could be without end. */
function plain(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value !== 'object'));
}

function unknownField(name: string): FormFault {
  const path = `fields.${brief(name)}`;
  return {
    message: `Error in '${path}'. No property of contacts that a form may set has this name`,
    errorType: 'FIELD_NOT_IN_FORM_DEFINITION',
  };
}

function unfitField({ name, code, message }: ValueFault): FormFault {
  return { message: `Error in 'fields.${brief(name)}'. ${message}`, errorType: code };
}

function badForm(faults: readonly FormFault[]): HttpProblem {
  return new HttpProblem({
    http: 400,
    category: 'VALIDATION_ERROR',
    message: 'The request is not valid',
    errors: faults,
  });
}

function inShape(error: Error): never {
  throw error instanceof Refusal && error.reason === 'invalid' ? malformedForm(error) : error;
}

/** What is no form at all, or not of its schema, in the shape of forms. */
function malformedForm({ faults, message }: Refusal): HttpProblem {
  if (faults.length === 0) return badForm([{ message, errorType: 'INVALID_REQUEST' }]);
  return badForm(
    faults.map((fault) => ({
      message: `Error in '${fault.in ?? 'body'}'. ${fault.message}`,
      errorType: fault.code === 'REQUIRED_FIELD' ? 'REQUIRED_FIELD' : 'INVALID_REQUEST',
    })),
  );
}

function refusedForm(refusal: Refusal): Error {
  const blocked = refusal.faults.some((fault) => fault.code === 'BLOCKED_EMAIL');
  const taken = refusal.faults.find((fault) => fault.code === 'CONFLICTING_UNIQUE_VALUE');
  if (taken)
    return badForm([
      {
        message: `Error in '${taken.in?.replace('properties.', 'fields.')}'. ${taken.message}`,
        errorType: 'CONFLICTING_UNIQUE_VALUE',
      },
    ]);
  return blocked
    ? badForm([{ message: `Error in 'fields.email'. ${refusal.message}`, errorType: 'BLOCKED_EMAIL' }])
    : refusal;
}

function noPortal(id: string): Refusal {
  return new Refusal('not-found', `resource not found: there is no portal ${id} here for this call`, [], {
    portalId: [id],
  });
}
