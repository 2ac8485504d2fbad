// Events as they are sent, answered, batched, and shown on timelines. Names and required flags of answers are HubSpot's.
import { type Static, type TSchema, Type } from 'typebox';
import { MAX_EVENT_ID_BYTES, MAX_IFRAME_PIXELS } from '../../timeline/event.js';
import {
  batchErrors,
  batchFields,
  DateTime,
  IdText,
  ignored,
  MapOf,
  MaybeId,
  MaybeText,
  nextPage,
  TextMap,
} from './parts.js';

const TimelineIFrame = Type.Object(
  {
    linkLabel: Type.String({ description: 'The text of the link that opens the window.' }),
    headerLabel: Type.String({ description: 'The title of the window.' }),
    url: Type.String({ description: 'What the window shows: an http or https address.' }),
    width: Type.Integer({ format: 'int32', description: `Pixels, 1 to ${MAX_IFRAME_PIXELS}.` }),
    height: Type.Integer({ format: 'int32', description: `Pixels, 1 to ${MAX_IFRAME_PIXELS}.` }),
  },
  { $id: 'TimelineEventIFrame', description: 'A window that a link on the event opens.' },
);

export const TimelineEvent = Type.Object(
  {
    eventTemplateId: IdText({ description: "The event template's id." }),
    id: MaybeId({
      description: `At most ${MAX_EVENT_ID_BYTES} bytes; made for you when absent. {{uuid}} anywhere in it becomes a fresh UUID. The same id again replaces the event.`,
    }),
    tokens: MapOf(Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] }), {
      description: "Values of the template's tokens, by name. Answered as strings.",
    }),
    objectId: MaybeId({ description: 'The record. Required but for contacts.' }),
    email: MaybeText({ description: 'Finds or creates a contact; with objectId, changes its e-mail.' }),
    utk: MaybeText({ description: "The visitor's cookie, hubspotutk, when the e-mail is unknown." }),
    domain: MaybeText({ description: 'Often paired with utk.' }),
    customObjectTypeId: MaybeText({
      description: "A custom object's id (2-…), name or full name: it must be the template's type.",
    }),
    timestamp: MaybeId({
      description: 'ISO 8601 or epoch milliseconds; absent: now. Its place on the timeline.',
    }),
    extraData: Type.Optional(
      Type.Unsafe<object | null>({
        type: ['object', 'array', 'null'],
        description: "Any JSON object or array, kept exactly as sent, for the template's detail.",
      }),
    ),
    timelineIFrame: Type.Optional(
      Type.Unsafe<Static<typeof TimelineIFrame> | null>({
        ...TimelineIFrame,
        $id: undefined,
        description: 'All five fields, or none.',
        type: ['object', 'null'],
      }),
    ),
  },
  { $id: 'TimelineEvent', description: ignored('An event to be created.') },
);

const TimelineEventResponse = Type.Object(
  {
    objectType: Type.String({ description: "The template's object type." }),
    id: Type.String(),
    eventTemplateId: Type.String(),
    objectId: Type.Optional(Type.String({ description: 'The record that holds the event now.' })),
    email: Type.Optional(Type.String()),
    utk: Type.Optional(Type.String()),
    domain: Type.Optional(Type.String()),
    customObjectTypeId: Type.Optional(Type.String()),
    timestamp: Type.Optional(DateTime('ISO 8601 with milliseconds, UTC.')),
    tokens: TextMap,
    extraData: Type.Optional(Type.Unsafe<object>({ type: ['object', 'array'] })),
    timelineIFrame: Type.Optional(Type.Ref('TimelineEventIFrame')),
    createdAt: Type.Optional(DateTime('Unused.')),
  },
  { $id: 'TimelineEventResponse', description: 'The event. Only fields that have a value are there.' },
);

const BatchInput = Type.Object(
  { inputs: Type.Array(Type.Ref('TimelineEvent'), { description: 'At most 500.' }) },
  { $id: 'BatchInputTimelineEvent', description: ignored('Events to be created.') },
);

const eventBatchFields = batchFields('TimelineEventResponse');

const BatchResponse = Type.Object(eventBatchFields, {
  $id: 'BatchResponseTimelineEventResponse',
  description: 'Every event was stored.',
});

const BatchResponseWithErrors = Type.Object(
  { ...eventBatchFields, ...batchErrors },
  { $id: 'BatchResponseTimelineEventResponseWithErrors', description: 'Some inputs failed.' },
);

const EventDetail = Type.Object(
  { details: Type.String({ description: "The template's detail part, as HTML." }) },
  { $id: 'EventDetail', description: "An event's rendered detail." },
);

const TimelineEntry = Type.Object(
  {
    ...TimelineEventResponse.properties,
    header: Type.String({ description: "The template's header, as HTML." }),
    detail: Type.String({ description: "The template's detail, as HTML." }),
    record: Type.Optional(
      Type.Object(
        { objectType: Type.String(), objectId: Type.String() },
        { description: 'Whose it is, where the timeline is of several records.' },
      ),
    ),
  },
  { $id: 'TimelineEntry', description: 'An event on a timeline.' },
);

const TimelineAnswer = Type.Object(
  {
    results: Type.Array(Type.Ref('TimelineEntry')),
    paging: nextPage,
  },
  { $id: 'Timeline', description: 'A page of a timeline; without paging.next it is the last.' },
);

/** Those that others refer to by name. */
export const eventSchemas: readonly TSchema[] = [
  TimelineIFrame,
  TimelineEvent,
  TimelineEventResponse,
  BatchInput,
  BatchResponse,
  BatchResponseWithErrors,
  EventDetail,
  TimelineEntry,
  TimelineAnswer,
];
