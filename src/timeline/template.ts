// An event template and its tokens as they are kept, and how many there may be.

export const TOKEN_TYPES = ['date', 'enumeration', 'number', 'string'] as const;

export interface TokenOption {
  value: string;
  label: string;
}

export interface TemplateToken {
  name: string;
  label: string;
  type: (typeof TOKEN_TYPES)[number];
  options: readonly TokenOption[];
  objectPropertyName?: string;
  createdAt: number;
  updatedAt: number;
}

export interface Template {
  id: number;
  appId: number;
  /**
   * A standard type; or a custom object as whoever made the template named it. By its id or full name that is one
   * portal's; by its name, each portal's that has one of that name.
   */
  objectType: string;
  name: string;
  headerTemplate?: string;
  detailTemplate?: string;
  /** In the order last sent; tokens added one by one stand at the end. */
  tokens: readonly TemplateToken[];
  createdAt: number;
  updatedAt: number;
  /** Counts the changes, so that two at once cannot swallow one another. */
  version: number;
}

export const MAX_TEMPLATES_PER_APP = 750;
/** All of an app's together: a list answers all of them at once. */
export const MAX_TEMPLATE_BYTES_PER_APP = 32 * 1024 * 1024;
export const MAX_TOKENS_PER_TEMPLATE = 500;
export const MAX_NAME_LENGTH = 500;
