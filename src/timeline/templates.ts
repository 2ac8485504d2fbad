// The templates of all apps: a bounded cache in front of the store, and changes that do not swallow one another.
import { brief, Refusal } from '../refusal.js';
import type { TimelineStore } from './store.js';
import { MAX_TEMPLATE_BYTES_PER_APP, MAX_TEMPLATES_PER_APP, type Template } from './template.js';

const MAX_CACHED_TEMPLATES = 2_000;
const MAX_CACHED_CHARS = 64 * 1024 * 1024;
const MAX_ATTEMPTS = 20;

type TemplateStore = Pick<
  TimelineStore,
  'template' | 'templates' | 'templateBytes' | 'createTemplate' | 'saveTemplate' | 'archiveTemplate'
>;

export class Templates {
  readonly #cache = new Map<number, Template>();
  #chars = 0;

  constructor(
    private readonly store: TemplateStore,
    private readonly clock: () => number,
  ) {}

  /** Any app's template that is not archived. The same object until it changes. */
  get(id: number): Template | undefined {
    const cached = this.#cache.get(id);
    if (cached) return cached;
    const found = this.store.template(id);
    if (!found) return undefined;
    if (this.#cache.size >= MAX_CACHED_TEMPLATES || this.#chars >= MAX_CACHED_CHARS) this.forget();
    this.#chars += JSON.stringify(found).length;
    this.#cache.set(id, found);
    return found;
  }

  /** The template, where it is this app's; a refusal otherwise. `id` is as the caller sent it. */
  ofApp(appId: number, id: string): Template {
    const template = /^[1-9]\d{0,15}$/.test(id) ? this.get(Number(id)) : undefined;
    if (template?.appId !== appId) throw notFound(id);
    return template;
  }

  allOfApp(appId: number): Template[] {
    return this.store.templates(appId);
  }

  async create(template: Omit<Template, 'id' | 'version'>): Promise<Template> {
    this.#checkRoom(template);
    const id = await this.store.createTemplate(template, MAX_TEMPLATES_PER_APP);
    if (id === undefined)
      throw new Refusal(
        'invalid',
        `an app has at most ${MAX_TEMPLATES_PER_APP} event templates, and this one has them; delete one first`,
      );
    return { ...template, id, version: 1 };
  }

  /** Applies a change to the template as it is now; again, when another change was faster. */
  async change(
    appId: number,
    id: string,
    apply: (template: Template, now: number) => Template,
  ): Promise<Template> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { id: known } = this.ofApp(appId, id);
      const current = this.store.template(known);
      if (!current) throw notFound(id);
      const changed = apply(current, this.clock());
      if (bytesOf(changed) > bytesOf(current)) this.#checkRoom(changed, known);
      const saved = await this.store.saveTemplate(changed);
      this.#cache.delete(known);
      if (saved) return changed;
    }
    throw new Refusal('overloaded', `template ${id} is being changed by many at once; try again shortly`);
  }

  /** As of now: those that come together may pass the bound together, once. */
  #checkRoom(template: Omit<Template, 'id' | 'version'>, id?: number): void {
    const all = bytesOf(template) + this.store.templateBytes(template.appId, id);
    if (all > MAX_TEMPLATE_BYTES_PER_APP)
      throw new Refusal(
        'invalid',
        `the app's event templates would have ${all} bytes all together; at most ${MAX_TEMPLATE_BYTES_PER_APP} (32 MB) are taken: shorten or delete some`,
      );
  }

  async archive(appId: number, id: string): Promise<void> {
    const { id: known } = this.ofApp(appId, id);
    await this.store.archiveTemplate(known, this.clock());
    this.#cache.delete(known);
  }

  /** Forgets what was looked up: somebody may have changed it. */
  forget(): void {
    this.#cache.clear();
    this.#chars = 0;
  }
}

function bytesOf({
  name,
  headerTemplate = '',
  detailTemplate = '',
  tokens,
}: Omit<Template, 'id' | 'version'>): number {
  return Buffer.byteLength(name + headerTemplate + detailTemplate + JSON.stringify(tokens));
}

function notFound(id: string): Refusal {
  return new Refusal('not-found', `resource not found: this app has no event template '${brief(id)}'`, [], {
    eventTemplateId: [brief(id)],
  });
}
